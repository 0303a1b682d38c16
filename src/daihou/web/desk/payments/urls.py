"""The addresses of payments, suspense and debits, below a book."""

from django.urls import path

from daihou.web.desk.payments import channels, links, mandates, suspense, views

urlpatterns = [
    path("", views.payments, name="payments"),
    path("enter/", views.enter, name="payment_enter"),
    path("channels/", channels.channels, name="channels"),
    path("channels/add/", channels.add, name="channel_add"),
    path("channels/<int:channel_id>/", channels.switch, name="channel_switch"),
    path("loans/<path:loan_ref>/mandates/", mandates.mandates, name="mandates"),
    path("loans/<path:loan_ref>/mandates/add/", mandates.add, name="mandate_add"),
    path("loans/<path:loan_ref>/mandates/<int:mandate_id>/end/", mandates.end, name="mandate_end"),
    path("debits/", views.debits, name="debits"),
    path("debits/plan/", views.plan, name="debit_plan"),
    path("debits/<int:batch_id>/", views.batch, name="debit_batch"),
    path("debits/<int:batch_id>/file/", views.batch_file, name="debit_file"),
    path("suspense/", suspense.items, name="suspense"),
    path("suspense/<int:item_id>/", suspense.item, name="suspense_item"),
    path("suspense/<int:item_id>/apply/", suspense.apply, name="suspense_apply"),
    path("suspense/<int:item_id>/return/", suspense.give_back, name="suspense_return"),
    path("loans/<path:loan_ref>/links/", links.pay_links, name="pay_links"),
    path("loans/<path:loan_ref>/links/make/", links.make_link, name="pay_link_make"),
    path(
        "loans/<path:loan_ref>/links/<int:link_id>/cancel/",
        links.cancel_link,
        name="pay_link_cancel",
    ),
]
