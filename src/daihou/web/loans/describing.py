"""How the approvals inbox shows a product version that waits for its second person."""

from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext as _

from daihou.web.approvals.models import Approval
from daihou.web.approvals.registry import Description
from daihou.web.loans import queries
from daihou.web.loans.models import ProductVersion, VersionState


def describe(approval: Approval) -> Description:
    """Name the version, its annual cost and its days; stale once it moved."""
    given = approval.payload
    found = (
        ProductVersion.objects.select_related("product__book", "terms")
        .filter(pk=approval.target_id)
        .first()
    )
    title = _("Product %(product)s, version %(version)s") % {
        "product": given["product"],
        "version": given["version_no"],
    }
    if found is None:
        return Description(title=title, is_stale=True)
    until = found.effective_until.isoformat() if found.effective_until else "…"
    is_same = queries.digest_of(version=found) == given["digest"]
    return Description(
        title=title,
        facts=(
            (_("Days in force"), f"{found.effective_on.isoformat()} – {until}"),
            (_("Annual cost, nominal"), _percent(given["nominal_rate"])),
            (_("Annual cost, effective"), _percent(given["effective_rate"])),
            (_("What is new"), found.note),
        ),
        url=reverse(
            "desk:product_version",
            args=[found.product.book.name, found.product.code, found.version_no],
        ),
        is_stale=not is_same or found.state == VersionState.DRAFT,
    )


def _percent(rate: str) -> str:
    return f"{Decimal(rate) * 100:.2f}%"
