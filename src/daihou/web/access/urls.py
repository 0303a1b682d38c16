"""Logging in and out, the password, the second factor, one's sessions; no sign-up, no reset."""

from allauth.account import views
from django.urls import include, path

from daihou.web.access.views import own_sessions, session

urlpatterns = [
    path("login/", views.login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("password/change/", views.password_change, name="account_change_password"),
    path("session/", session, name="account_session"),
    path("sessions/", own_sessions, name="account_sessions"),
    path("2fa/", include("allauth.mfa.urls")),
]
