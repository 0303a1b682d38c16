"""The addresses of supervision, below a book."""

from django.urls import path

from daihou.web.desk.supervision import views

urlpatterns = [
    path("", views.live, name="supervision"),
    path("seats/", views.seats, name="supervision_seats"),
    path("figures/", views.figures, name="supervision_figures"),
    path("hand-over/", views.hand_over, name="supervision_hand_over"),
]
