"""The addresses of exports of personal data."""

from django.urls import path

from daihou.web.desk.privacy import views

urlpatterns = [
    path("", views.exports, name="personal_exports"),
    path("ask/", views.ask, name="personal_export_ask"),
    path("<int:approval_id>/take/", views.take, name="personal_export_take"),
]
