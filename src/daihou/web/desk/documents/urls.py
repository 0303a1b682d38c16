"""The addresses of documents and notices, below a book."""

from django.urls import path

from daihou.web.desk.documents import views

urlpatterns = [
    path("", views.documents, name="documents"),
    path("make/", views.make, name="documents_make"),
    path("notices/", views.notices, name="notices"),
    path("agreements/<int:approval_id>/", views.make_agreement, name="documents_agreement"),
]
