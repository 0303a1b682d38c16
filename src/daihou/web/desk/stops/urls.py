"""The addresses of stop orders, below a book."""

from django.urls import path

from daihou.web.desk.stops import views

urlpatterns = [
    path("", views.stops, name="stops"),
    path("<int:stop_id>/", views.stop, name="stop"),
    path("<int:stop_id>/lift/", views.lift, name="stop_lift"),
]
