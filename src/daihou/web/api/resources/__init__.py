"""What the API offers: a router per area, each only calling operations and queries."""

from ninja import NinjaAPI

from daihou.web.api.resources import (
    accounting,
    approvals,
    cases,
    channels,
    collateral,
    complaints,
    contacts,
    credit,
    documents,
    files,
    findings,
    limitation,
    loans,
    parameters,
    parties,
    payments,
    products,
    servicing,
    webhooks,
)

ROUTERS = (
    loans.router,
    servicing.router,
    approvals.router,
    payments.router,
    channels.router,
    accounting.router,
    products.router,
    credit.router,
    parties.router,
    collateral.router,
    limitation.router,
    documents.router,
    files.router,
    parameters.router,
    cases.router,
    contacts.router,
    findings.router,
    complaints.router,
    webhooks.router,
)


def register(api: NinjaAPI) -> None:
    for router in ROUTERS:
        api.add_router("", router)
