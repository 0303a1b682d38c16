"""Template tags of complaints and of what is known of a person."""

from django import template

from daihou.web.complaints.models import Step
from daihou.web.desk.complaints.words import STEPS
from daihou.web.desk.parties.words import BASES, FAULTS

register = template.Library()


@register.filter
def complaint_step(step: Step) -> str:
    """Say what was done."""
    return str(STEPS.get(step.action, step.action))


@register.filter
def point_fault(fault: str) -> str:
    """Say why a number or address may not be used."""
    return str(FAULTS.get(fault, fault))


@register.filter
def point_basis(basis: str) -> str:
    """Say why a number or address may be used."""
    return str(BASES.get(basis, basis))
