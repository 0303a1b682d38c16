"""The addresses of reconciliation, below a book."""

from django.urls import path

from daihou.web.desk.reconciliation import views

urlpatterns = [
    path("", views.breaks, name="reconciliation"),
    path("runs/", views.runs, name="reconciliation_runs"),
    path("run/", views.run, name="reconciliation_run"),
    path("breaks/<int:break_id>/", views.one, name="break"),
    path("breaks/<int:break_id>/assign/", views.assign, name="break_assign"),
    path("breaks/<int:break_id>/resolve/", views.resolve, name="break_resolve"),
]
