"""A change of the authority matrix, which is itself asked for and decided on by others."""

from collections.abc import Sequence
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _, gettext_lazy

from daihou.core import codec
from daihou.web.access.models import Role, User
from daihou.web.approvals import operations, registry
from daihou.web.approvals.authority import Band, check_bands, set_authority
from daihou.web.approvals.errors import ApprovalRefused
from daihou.web.approvals.models import Approval, Authority

KIND = "authority.change"


def request_change(
    *,
    kind: str,
    valid_from: date,
    bands: Sequence[Band],
    reason: str,
    acting_user: User,
    currency: str = "",
) -> Approval:
    """Ask that other people decide on a kind from a day on; past days are not touched.

    :raises ApprovalRefused: as ``operations.request`` and ``authority.set_authority``.
    """
    registry.registered(kind)
    check_bands(bands)
    with transaction.atomic():
        if Authority.objects.filter(
            kind=kind, currency=currency, valid_from__gte=valid_from
        ).exists():
            raise ApprovalRefused("authority.set_already", kind=kind, valid_from=valid_from)
        return operations.request(
            kind=KIND,
            book=None,
            target_type="authority",
            target_id=kind,
            payload={
                "kind": kind,
                "currency": currency,
                "valid_from": valid_from.isoformat(),
                "bands": [codec.encode(band) for band in bands],
            },
            reason=reason,
            acting_user=acting_user,
        )


def carry_out(approval: Approval, acting_user: User) -> None:
    """Set what was asked for; a matrix that was set meanwhile refuses."""
    payload = approval.payload
    set_authority(
        kind=payload["kind"],
        currency=payload["currency"],
        valid_from=date.fromisoformat(payload["valid_from"]),
        bands=bands_of(approval),
        reason=approval.reason,
        acting_user=acting_user,
    )


def bands_of(approval: Approval) -> tuple[Band, ...]:
    return tuple(codec.decode(Band, band) for band in approval.payload["bands"])


def describe(approval: Approval) -> registry.Description:
    """Show the bands that are asked for."""
    payload = approval.payload
    label = registry.kinds()[payload["kind"]].label
    facts = [
        (_("From"), payload["valid_from"]),
        (_("Currency"), payload["currency"] or "–"),
        *(
            (
                _("Amount from %(amount)s (minor units)") % {"amount": band.from_minor},
                " · ".join([str(band.checkers), *(str(Role(role).label) for role in band.roles)])
                + (f" ({_('each')})" if band.is_each_role else ""),
            )
            for band in bands_of(approval)
        ),
    ]
    return registry.Description(title=f"{LABEL} · {label}", facts=tuple(facts))


LABEL = gettext_lazy("Change of who decides")


def register() -> None:
    """Make the change of the matrix a thing that is approved."""
    registry.register(kind=KIND, label=LABEL, carry_out=carry_out, describe=describe)
