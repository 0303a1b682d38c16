"""The addresses of files, below a book."""

from django.urls import path

from daihou.web.desk.files import views

urlpatterns = [
    path("", views.files, name="files"),
    path("add/", views.add, name="files_add"),
    path("hold/", views.hold_loan, name="files_hold_loan"),
    path("holds/<int:hold_id>/lift/", views.lift, name="files_lift"),
    path("<int:file_id>/", views.file, name="file"),
    path("<int:file_id>/content/", views.content, name="file_content"),
    path("<int:file_id>/hold/", views.hold, name="file_hold"),
    path("<int:file_id>/remove/", views.remove, name="file_remove"),
]
