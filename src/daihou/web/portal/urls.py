"""The addresses that borrowers open without logging in."""

from django.urls import path

from daihou.web.portal import paying

app_name = "portal"
urlpatterns = [
    path("<str:token>/", paying.page, name="pay"),
    path("<str:token>/code.svg", paying.code, name="pay_code"),
]
