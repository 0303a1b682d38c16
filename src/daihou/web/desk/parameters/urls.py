"""The addresses of parameters, below a book."""

from django.urls import path

from daihou.web.desk.parameters import views

urlpatterns = [
    path("", views.parameters, name="parameters"),
    path("add/", views.add, name="parameter_add"),
    path("profile/", views.profile, name="parameter_profile"),
]
