"""The addresses of the audit, below a book: its rows are those of the whole installation."""

from django.urls import path

from daihou.web.desk.audit import views

urlpatterns = [
    path("", views.rows, name="audit"),
    path("head/", views.head, name="audit_head"),
    path("export/", views.export, name="audit_export"),
]
