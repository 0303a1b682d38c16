"""The address of the gate before a bureau report, below a book."""

from django.urls import path

from daihou.web.desk.reporting import views

urlpatterns = [path("", views.reporting, name="reporting")]
