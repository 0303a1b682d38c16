"""The WSGI application that granian serves."""

from django.core.handlers.wsgi import WSGIHandler

from daihou.web import setup

setup()
application = WSGIHandler()
