"""The addresses of the desk: an area of work is a package here, with its own ``urls``."""

from django.urls import URLPattern, URLResolver

app_name = "desk"
urlpatterns: list[URLPattern | URLResolver] = []
