"""The addresses of products, below a book."""

from django.urls import path

from daihou.web.desk.products import opening, views

urlpatterns = [
    path("", views.products, name="products"),
    path("add/", views.add, name="product_add"),
    path("<str:code>/", views.product, name="product"),
    path("<str:code>/new/", views.new_version, name="product_new_version"),
    path("<str:code>/<int:version_no>/", views.version, name="product_version"),
    path("<str:code>/<int:version_no>/edit/", views.edit, name="product_edit"),
    path("<str:code>/<int:version_no>/act/", views.act, name="product_act"),
    path("<str:code>/<int:version_no>/open/", opening.open_loan, name="product_open_loan"),
]
