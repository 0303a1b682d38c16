"""The addresses of payments, suspense and debits, below a book."""

from django.urls import path

from daihou.web.desk.payments import suspense, views

urlpatterns = [
    path("", views.payments, name="payments"),
    path("enter/", views.enter, name="payment_enter"),
    path("debits/", views.debits, name="debits"),
    path("debits/plan/", views.plan, name="debit_plan"),
    path("debits/<int:batch_id>/", views.batch, name="debit_batch"),
    path("debits/<int:batch_id>/file/", views.batch_file, name="debit_file"),
    path("suspense/", suspense.items, name="suspense"),
    path("suspense/<int:item_id>/", suspense.item, name="suspense_item"),
    path("suspense/<int:item_id>/apply/", suspense.apply, name="suspense_apply"),
    path("suspense/<int:item_id>/return/", suspense.give_back, name="suspense_return"),
]
