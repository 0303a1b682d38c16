"""Persons and companies, what they are to loans, how they are reached and what holds of them."""

from daihou.web.parties.models.parties import (
    CheckResult,
    Field,
    IdentityCheck,
    Merge,
    NotDuplicate,
    Party,
    PartyKind,
    PersonalDatum,
)
from daihou.web.parties.models.reach import (
    ContactPoint,
    CutoverRow,
    PointBasis,
    PointKind,
    PointSource,
    PriorAttempt,
    ReachTally,
)
from daihou.web.parties.models.relations import (
    CompanyLink,
    Consent,
    ConsentWithdrawal,
    GuaranteeType,
    LinkKind,
    LoanRole,
    Purpose,
    Role,
)
from daihou.web.parties.models.states import (
    PersonState,
    StateKind,
)

__all__ = [
    "CheckResult",
    "CompanyLink",
    "Consent",
    "ConsentWithdrawal",
    "ContactPoint",
    "CutoverRow",
    "Field",
    "GuaranteeType",
    "IdentityCheck",
    "LinkKind",
    "LoanRole",
    "Merge",
    "NotDuplicate",
    "Party",
    "PartyKind",
    "PersonState",
    "PersonalDatum",
    "PointBasis",
    "PointKind",
    "PointSource",
    "PriorAttempt",
    "Purpose",
    "ReachTally",
    "Role",
    "StateKind",
]
