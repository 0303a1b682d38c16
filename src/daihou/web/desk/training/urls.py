"""The addresses of training, below a book."""

from django.urls import path

from daihou.web.desk.training import views

urlpatterns = [
    path("", views.standings, name="training"),
    path("own/", views.own, name="training_own"),
    path("exam/<slug:code>/", views.start, name="exam_start"),
    path("papers/<int:exam_id>/", views.paper, name="exam"),
    path("courses/<slug:code>/", views.course, name="course"),
    path("courses/<slug:code>/add/", views.add_question, name="question_add"),
    path("questions/<int:question_id>/retire/", views.retire, name="question_retire"),
    path("people/<int:user_id>/", views.person, name="training_person"),
    path("people/<int:user_id>/record/", views.record, name="training_record"),
    path("certificates/<int:certificate_id>/withdraw/", views.withdraw, name="training_withdraw"),
]
