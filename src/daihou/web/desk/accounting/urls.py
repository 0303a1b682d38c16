"""The addresses of the general ledger, below a book."""

from django.urls import path

from daihou.web.desk.accounting import views

urlpatterns = [
    path("", views.trial_balance, name="accounting"),
    path("journal/", views.journal, name="accounting_journal"),
    path("export/<str:what>.<str:suffix>", views.export, name="accounting_export"),
    path("accounts/<int:account_id>/", views.account, name="accounting_account"),
    path("accounts/<int:account_id>/<str:on>/", views.loans, name="accounting_loans"),
    path("loans/<path:loan_ref>/", views.loan, name="accounting_loan"),
    path("periods/", views.periods, name="accounting_periods"),
    path("periods/<int:period_id>/close/", views.close, name="accounting_close"),
    path("proofs/<int:proof_id>/", views.proof, name="accounting_proof"),
]
