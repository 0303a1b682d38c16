"""The addresses of the API."""

from daihou.web.api.resources import register
from daihou.web.api.site import addresses, api

register(api)
urlpatterns = addresses()
