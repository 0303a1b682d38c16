"""The addresses of visits, below a book."""

from django.urls import path

from daihou.web.desk.visits import deeds, views

urlpatterns = [
    path("", views.visits, name="visits"),
    path("plan/<int:case_id>/", deeds.plan, name="visit_plan"),
    path("<int:visit_id>/", views.visit, name="visit"),
    path("<int:visit_id>/address/", deeds.address, name="visit_address"),
    path("<int:visit_id>/check-in/", deeds.check_in, name="visit_check_in"),
    path("<int:visit_id>/photos/", deeds.add_photo, name="visit_photo"),
    path("<int:visit_id>/report/", deeds.report, name="visit_report"),
    path("<int:visit_id>/call-off/", deeds.call_off, name="visit_call_off"),
]
