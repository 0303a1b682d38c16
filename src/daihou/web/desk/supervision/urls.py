"""The addresses of supervision, below a book."""

from django.urls import path

from daihou.web.desk.supervision import figures, plans, staffing, views

urlpatterns = [
    path("", views.live, name="supervision"),
    path("seats/", views.seats, name="supervision_seats"),
    path("figures/", figures.figures, name="supervision_figures"),
    path("figures/export/", figures.export, name="supervision_export"),
    path("plan/", plans.plan, name="supervision_plan"),
    path("plan/make/", plans.make, name="supervision_plan_make"),
    path("plan/export/", plans.export, name="supervision_plan_export"),
    path("hand-over/", views.hand_over, name="supervision_hand_over"),
    path("assign/", views.assign, name="supervision_assign"),
    path("staffing/", staffing.staffing, name="staffing"),
    path("staffing/people/", staffing.people, name="staffing_people"),
    path("staffing/rules/", staffing.rules, name="staffing_rules"),
]
