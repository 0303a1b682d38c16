"""Complaints and disputes with what they hold, and claims that a debt was paid already."""

from daihou.web.complaints.models.claims import ClaimState, PaidClaim
from daihou.web.complaints.models.complaints import (
    OPEN_STATES,
    Cause,
    Complaint,
    Finding,
    Intake,
    Nature,
    State,
    Topic,
)
from daihou.web.complaints.models.parts import (
    ComplaintContact,
    ComplaintHold,
    ComplaintPerson,
    Extension,
    Remedy,
    RemedyKind,
    Step,
)

__all__ = [
    "OPEN_STATES",
    "Cause",
    "ClaimState",
    "Complaint",
    "ComplaintContact",
    "ComplaintHold",
    "ComplaintPerson",
    "Extension",
    "Finding",
    "Intake",
    "Nature",
    "PaidClaim",
    "Remedy",
    "RemedyKind",
    "State",
    "Step",
    "Topic",
]
