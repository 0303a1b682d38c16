"""The addresses of the rules of contact, below a book."""

from django.urls import path

from daihou.web.desk.rules import views

urlpatterns = [
    path("", views.rules, name="rules"),
    path("tighten/", views.tighten, name="rule_tighten"),
    path("tightenings/<int:number>/end/", views.end, name="tightening_end"),
]
