"""The addresses of quality, below a book."""

from django.urls import path

from daihou.web.desk.quality import views

urlpatterns = [
    path("", views.listening, name="quality"),
    path("draw/", views.draw, name="quality_draw"),
    path("results/", views.results, name="quality_results"),
    path("sheet/", views.sheet, name="quality_sheet"),
    path("samples/<int:sample_id>/", views.sample, name="quality_sample"),
    path("samples/<int:sample_id>/take/", views.take, name="quality_take"),
    path("samples/<int:sample_id>/calibrate/", views.calibrate, name="quality_calibrate"),
    path("reviews/<int:review_id>/appeal/", views.appeal, name="quality_appeal"),
    path("reviews/<int:review_id>/decide/", views.decide, name="quality_decide"),
    path("ask/<int:permit_id>/", views.ask, name="quality_ask"),
]
