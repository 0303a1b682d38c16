"""The addresses of parties, below a book."""

from django.urls import path

from daihou.web.desk.parties import deeds, knowing, views

urlpatterns = [
    path("", views.parties, name="parties"),
    path("add/", views.add, name="party_add"),
    path("duplicates/", views.duplicates, name="party_duplicates"),
    path("duplicates/decide/", deeds.decide_duplicate, name="party_decide_duplicate"),
    path("merges/<int:merge_id>/undo/", deeds.undo_merge, name="party_undo_merge"),
    path("<int:party_id>/", views.party, name="party"),
    path("<int:party_id>/known/", knowing.person, name="person"),
    path("<int:party_id>/known/act/", knowing.know, name="person_know"),
    path("<int:party_id>/known/<int:point_id>/reveal/", knowing.reveal_point, name="point_reveal"),
    path("<int:party_id>/reveal/", deeds.reveal, name="party_reveal"),
    path("<int:party_id>/delete/", deeds.delete, name="party_delete"),
    path("<int:party_id>/act/", deeds.act, name="party_act"),
]
