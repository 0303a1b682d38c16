"""The addresses of interfaces: keys for programs, places that are told."""

from django.urls import path

from daihou.web.desk.interfaces import views

urlpatterns = [
    path("", views.interfaces, name="interfaces"),
    path("keys/", views.add_key, name="key_add"),
    path("keys/<str:client_id>/revoke/", views.revoke_key, name="key_revoke"),
    path("webhooks/", views.add_webhook, name="webhook_add"),
    path("webhooks/<int:endpoint_id>/change/", views.change_webhook, name="webhook_change"),
    path("webhooks/<int:endpoint_id>/replay/", views.replay_webhook, name="webhook_replay"),
]
