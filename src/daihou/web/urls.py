"""Every address of the site. A face adds its ``urls`` module here."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("account/", include("daihou.web.access.urls")),
]
if find_spec("daihou.web.board.urls"):
    urlpatterns.append(path("", include("daihou.web.board.urls")))
