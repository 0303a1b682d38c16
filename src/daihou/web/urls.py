"""Every address of the site. A face adds its ``urls`` module here."""

from django.urls import include, path

urlpatterns = [
    path("account/", include("daihou.web.access.urls")),
    path("api/v1/", include("daihou.web.api.urls")),
    path("pay/", include("daihou.web.portal.urls")),
    path("", include("daihou.web.desk.urls")),
    path("", include("daihou.web.board.urls")),
]
