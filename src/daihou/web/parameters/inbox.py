"""How a requested parameter is shown to the person who decides."""

import json

from django.utils.translation import gettext as _

from daihou.web.approvals.models import Approval
from daihou.web.approvals.registry import Description
from daihou.web.parameters.models import Confidence, LenderType, Parameter


def describe(approval: Approval) -> Description:
    """Show the row that is asked for beside the one in force."""
    asked = approval.payload
    before = (
        Parameter.objects.filter(
            name=asked["name"],
            jurisdiction=asked["jurisdiction"],
            valid_from__lte=asked["valid_from"],
        )
        .order_by("-valid_from", "-pk")
        .first()
    )
    facts = [
        (_("From"), str(asked["valid_from"])),
        (_("The figure"), text_of(asked["value"])),
        (_("Until now"), text_of(before.value) if before else _("nothing")),
        (_("Source"), str(asked["source"])),
        (_("Confidence"), str(Confidence(asked["confidence"]).label)),
    ]
    return Description(title=f"{asked['name']} ({asked['jurisdiction']})", facts=tuple(facts))


def describe_profile(approval: Approval) -> Description:
    """Show the profile that is asked for."""
    asked = approval.payload
    facts = (
        (_("From"), str(asked["valid_from"])),
        (_("Jurisdiction"), str(asked["jurisdiction"])),
        (_("Lender"), str(LenderType(asked["lender_type"]).label)),
    )
    return Description(title=str(approval.book), facts=facts)


def text_of(value: object) -> str:
    """Write a value on one line."""
    if isinstance(value, dict):
        return " · ".join(f"{name} {text_of(each)}" for name, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(text_of, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
