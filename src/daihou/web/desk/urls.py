"""The addresses of the desk: an area of work is a package here, with its own ``urls``."""

from django.urls import URLPattern, URLResolver, include, path

app_name = "desk"
urlpatterns: list[URLPattern | URLResolver] = [
    path("books/<str:book_name>/cases/", include("daihou.web.desk.cases.urls")),
    path("books/<str:book_name>/visits/", include("daihou.web.desk.visits.urls")),
    path("books/<str:book_name>/approvals/", include("daihou.web.desk.approvals.urls")),
    path("books/<str:book_name>/servicing/", include("daihou.web.desk.servicing.urls")),
    path("books/<str:book_name>/parameters/", include("daihou.web.desk.parameters.urls")),
    path("books/<str:book_name>/limitation/", include("daihou.web.desk.limitation.urls")),
    path("books/<str:book_name>/accounting/", include("daihou.web.desk.accounting.urls")),
    path("books/<str:book_name>/files/", include("daihou.web.desk.files.urls")),
    path("books/<str:book_name>/documents/", include("daihou.web.desk.documents.urls")),
    path("books/<str:book_name>/collateral/", include("daihou.web.desk.collateral.urls")),
    path("books/<str:book_name>/products/", include("daihou.web.desk.products.urls")),
    path("books/<str:book_name>/parties/", include("daihou.web.desk.parties.urls")),
    path("books/<str:book_name>/credit/", include("daihou.web.desk.credit.urls")),
    path("books/<str:book_name>/interfaces/", include("daihou.web.desk.interfaces.urls")),
    path("books/<str:book_name>/access/", include("daihou.web.desk.access.urls")),
    path("books/<str:book_name>/audit/", include("daihou.web.desk.audit.urls")),
    path("books/<str:book_name>/personal-data/", include("daihou.web.desk.privacy.urls")),
    path("books/<str:book_name>/listening/", include("daihou.web.desk.quality.urls")),
    path("books/<str:book_name>/supervision/", include("daihou.web.desk.supervision.urls")),
    path("books/<str:book_name>/training/", include("daihou.web.desk.training.urls")),
    path("books/<str:book_name>/rules/", include("daihou.web.desk.rules.urls")),
    path("books/<str:book_name>/stops/", include("daihou.web.desk.stops.urls")),
    path("books/<str:book_name>/reporting/", include("daihou.web.desk.reporting.urls")),
    path("books/<str:book_name>/reach/", include("daihou.web.desk.reach.urls")),
    path("books/<str:book_name>/payments/", include("daihou.web.desk.payments.urls")),
    path("books/<str:book_name>/reconciliation/", include("daihou.web.desk.reconciliation.urls")),
    path("books/<str:book_name>/complaints/", include("daihou.web.desk.complaints.urls")),
]
