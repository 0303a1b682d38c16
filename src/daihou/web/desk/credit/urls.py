"""The addresses of credit lines and staged disbursement, below a book."""

from django.urls import path

from daihou.web.desk.credit import staging, views

urlpatterns = [
    path("", views.lines, name="credit"),
    path("add/", views.add, name="credit_add"),
    path("lines/<str:line_ref>/", views.line, name="credit_line"),
    path("lines/<str:line_ref>/act/", views.act, name="credit_act"),
    path("tranches/<path:loan_ref>/act/", staging.act, name="tranches_act"),
    path("tranches/<path:loan_ref>/", staging.tranches, name="tranches"),
]
