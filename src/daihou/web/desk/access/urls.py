"""The addresses of users and rights."""

from django.urls import path

from daihou.web.desk.access import views

urlpatterns = [
    path("", views.users, name="users"),
    path("add/", views.add, name="user_add"),
    path("rights/", views.rights, name="rights"),
    path("<int:user_id>/", views.user, name="user"),
    path("<int:user_id>/roles/", views.grant, name="user_grant"),
    path("<int:user_id>/act/", views.act, name="user_act"),
]
