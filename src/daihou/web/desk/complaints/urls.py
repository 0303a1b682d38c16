"""The addresses of complaints, disputes and claims of payment, below a book."""

from django.urls import path

from daihou.web.desk.complaints import deeds, views

urlpatterns = [
    path("", views.complaints, name="complaints"),
    path("new/", views.new, name="complaint_new"),
    path("record/", deeds.record, name="complaint_record"),
    path("export/", deeds.export, name="complaint_export"),
    path("<int:complaint_id>/", views.complaint, name="complaint"),
    path("<int:complaint_id>/act/", deeds.act, name="complaint_act"),
    path("claims/", deeds.claim, name="paid_claim_add"),
    path("claims/<int:claim_id>/act/", deeds.act_on_claim, name="paid_claim_act"),
]
