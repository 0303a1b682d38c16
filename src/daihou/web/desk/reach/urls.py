"""The addresses of templates and of channels to people, below a book."""

from django.urls import path

from daihou.web.desk.reach import accounts, letters, templates, views

urlpatterns = [
    path("", views.overview, name="reach"),
    path("dead/<int:delivery_id>/", views.dead_letter, name="reach_dead"),
    path("heard/<int:heard_id>/", views.close_heard, name="reach_heard"),
    path("letters/", letters.batch, name="reach_letters"),
    path("letters/<int:batch_id>/", letters.mark, name="reach_letter_batch"),
    path("letters/<int:batch_id>/pack/", letters.pack, name="reach_letter_pack"),
    path("letters/one/<int:letter_id>/", letters.tell, name="reach_letter"),
    path("accounts/", accounts.accounts, name="reach_accounts"),
    path("accounts/add/", accounts.add, name="reach_account_add"),
    path("accounts/<int:account_id>/", accounts.change, name="reach_account"),
    path("accounts/extension/", accounts.extension, name="reach_extension"),
    path("templates/", templates.templates, name="templates"),
    path("templates/add/", templates.add, name="template_add"),
    path("templates/identity/", templates.identify, name="template_identity"),
    path("templates/<int:template_id>/", templates.template, name="template"),
    path("templates/<int:template_id>/act/", templates.act, name="template_act"),
]
