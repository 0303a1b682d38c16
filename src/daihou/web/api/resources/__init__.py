"""What the API offers: a router per area, each only calling operations and queries."""

from ninja import NinjaAPI

from daihou.web.api.resources import (
    approvals,
    files,
    limitation,
    loans,
    parameters,
    products,
    servicing,
    webhooks,
)

ROUTERS = (
    loans.router,
    approvals.router,
    files.router,
    limitation.router,
    parameters.router,
    products.router,
    servicing.router,
    webhooks.router,
)


def register(api: NinjaAPI) -> None:
    for router in ROUTERS:
        api.add_router("", router)
