"""The addresses of approvals, below a book."""

from django.urls import path

from daihou.web.desk.approvals import views

urlpatterns = [
    path("", views.inbox, name="approvals"),
    path("authority/", views.authority, name="authority"),
    path("authority/change/", views.change_authority, name="authority_change"),
    path("<int:approval_id>/", views.approval, name="approval"),
    path("<int:approval_id>/decide/", views.decide, name="approval_decide"),
    path("<int:approval_id>/withdraw/", views.withdraw, name="approval_withdraw"),
]
