"""The addresses of servicing, below a book."""

from django.urls import path

from daihou.web.desk.servicing import amounts, views

urlpatterns = [
    path("", views.overview, name="servicing"),
    path("explain/<path:loan_ref>/", amounts.explain, name="explain"),
    path("quote/<path:loan_ref>/", views.quote, name="quote"),
    path("offers/<int:offer_id>/withdraw/", views.withdraw_offer, name="offer_withdraw"),
    path("<slug:action>/<path:loan_ref>/", views.action, name="action"),
]
