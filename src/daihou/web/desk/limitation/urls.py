"""The addresses of limitation, below a book."""

from django.urls import path

from daihou.web.desk.limitation import views

urlpatterns = [
    path("", views.expiring, name="limitation"),
    path("withdraw/<int:evidence_id>/", views.withdraw, name="evidence_withdraw"),
    path("loans/<path:loan_ref>/", views.loan, name="limitation_loan"),
    path("record/<path:loan_ref>/", views.record, name="evidence_record"),
]
