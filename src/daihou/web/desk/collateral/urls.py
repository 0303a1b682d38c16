"""The addresses of collateral, below a book."""

from django.urls import path

from daihou.web.desk.collateral import deeds, views

urlpatterns = [
    path("", views.register, name="collateral"),
    path("add/", deeds.add, name="collateral_add"),
    path("releases/", views.releases, name="collateral_releases"),
    path("releases/look/", deeds.look, name="collateral_look"),
    path("releases/<int:task_id>/", deeds.ask_release, name="collateral_release"),
    path("<int:item_id>/", views.item, name="collateral_item"),
    path("<int:item_id>/value/", deeds.value, name="collateral_value"),
    path("<int:item_id>/pledge/", deeds.pledge, name="collateral_pledge"),
    path("<int:item_id>/insure/", deeds.insure, name="collateral_insure"),
    path("<int:item_id>/papers/", deeds.add_paper, name="collateral_paper"),
    path("<int:item_id>/files/", deeds.add_file, name="collateral_file"),
    path("<int:item_id>/papers/<int:paper_id>/move/", deeds.move_paper, name="collateral_move"),
]
