"""The addresses of cases, below a book."""

from django.urls import path

from daihou.web.desk.cases import queue, views

urlpatterns = [
    path("", queue.queue, name="cases"),
    path("views/", queue.save_view, name="case_views"),
    path("next/", queue.next_case, name="case_next"),
    path("<int:case_id>/", views.case, name="case"),
    path("<int:case_id>/take/", views.take, name="case_take"),
    path("<int:case_id>/timeline/", views.timeline, name="case_timeline"),
    path("<int:case_id>/<slug:action>/", views.do, name="case_do"),
]
