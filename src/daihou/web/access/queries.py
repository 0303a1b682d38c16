"""Who may do what, on which books. Roles carry permissions; grants limit them to a scope."""

from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType

from allauth.mfa.models import Authenticator
from rules.permissions import add_perm, has_perm
from rules.predicates import predicate

from daihou.web.access.models import Role, RoleGrant, User

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
_COLLECTORS = frozenset({Role.COLLECTOR, Role.FIELD_COLLECTOR, Role.TEAM_LEAD, Role.MANAGER})
_EVERYONE_INSIDE = _COLLECTORS | {
    Role.ANALYST,
    Role.COMPLIANCE,
    Role.FINANCE,
    Role.OPERATOR,
    Role.QUALITY,
    Role.INVESTIGATOR,
    Role.LEGAL,
    Role.AUDITOR,
}
_OUTSIDE = frozenset({Role.FUNDER, Role.AGENCY})
_ON_FILES = _EVERYONE_INSIDE - {Role.OPERATOR}  # Who runs the system reads nobody's file.
_NIGHT = frozenset(
    {
        Role.MANAGER,
        Role.ANALYST,
        Role.COMPLIANCE,
        Role.FINANCE,
        Role.OPERATOR,
        Role.AUDITOR,
    }
)

PERMISSIONS = MappingProxyType(
    {
        "board.view": _EVERYONE_INSIDE | {Role.FUNDER, Role.ADMIN},
        "loan.view": _EVERYONE_INSIDE | _OUTSIDE,
        "party.view_personal_data": _COLLECTORS | {Role.COMPLIANCE, Role.INVESTIGATOR, Role.LEGAL},
        "party.delete_personal_data": frozenset({Role.COMPLIANCE}),
        "tape.import": frozenset({Role.FINANCE, Role.OPERATOR}),
        "end_of_day.run": frozenset({Role.OPERATOR}),
        "end_of_day.view": _NIGHT,
        "data_quality.view": _NIGHT,
        "book.export": frozenset({Role.MANAGER, Role.ANALYST, Role.COMPLIANCE, Role.FINANCE}),
        "audit.view": frozenset({Role.COMPLIANCE, Role.AUDITOR}),
        "parameter.view": _EVERYONE_INSIDE,
        "parameter.change": frozenset({Role.COMPLIANCE}),
        "limitation.view": _ON_FILES,
        "limitation.record": _COLLECTORS | {Role.COMPLIANCE, Role.LEGAL},
        "user.view": frozenset({Role.ADMIN, Role.COMPLIANCE, Role.AUDITOR}),
        "user.change": frozenset({Role.ADMIN}),
        # Servicing. Who asks for a change does not decide on it (web.approvals holds that).
        "servicing.view": _ON_FILES,
        "servicing.request": _COLLECTORS | {Role.FINANCE, Role.COMPLIANCE},
        "approval.view": _EVERYONE_INSIDE,
        "approval.decide": frozenset({Role.MANAGER, Role.COMPLIANCE, Role.FINANCE}),
        "authority.change": frozenset({Role.COMPLIANCE}),
        "payment.view": _EVERYONE_INSIDE,
        "payment.record": frozenset({Role.FINANCE}),
        "payment.resolve": frozenset({Role.FINANCE}),
        "channel.change": frozenset({Role.ADMIN}),
        "mandate.change": frozenset({Role.FINANCE, Role.OPERATOR}),
        "reconciliation.view": frozenset(
            {Role.FINANCE, Role.COMPLIANCE, Role.OPERATOR, Role.AUDITOR}
        ),
        "reconciliation.run": frozenset({Role.FINANCE, Role.OPERATOR}),
        "accounting.view": frozenset({Role.FINANCE, Role.COMPLIANCE, Role.ANALYST, Role.AUDITOR}),
        "accounting.close": frozenset({Role.FINANCE}),
        "product.view": _EVERYONE_INSIDE,
        "product.change": frozenset({Role.ANALYST, Role.MANAGER}),
        "party.view": _ON_FILES,
        "party.change": frozenset({Role.MANAGER, Role.COMPLIANCE}),
        "loan.originate": frozenset({Role.MANAGER, Role.FINANCE}),
        "loan.disburse": frozenset({Role.FINANCE}),
        "credit.view": _ON_FILES,
        "credit.change": frozenset({Role.MANAGER, Role.ANALYST}),
        "collateral.view": _ON_FILES,
        "collateral.change": frozenset({Role.MANAGER, Role.FINANCE}),
        "file.view": _ON_FILES,
        "file.open": _COLLECTORS
        | {Role.FINANCE, Role.COMPLIANCE, Role.QUALITY, Role.INVESTIGATOR, Role.LEGAL},
        "file.add": _COLLECTORS | {Role.FINANCE, Role.COMPLIANCE, Role.LEGAL},
        "file.hold": frozenset({Role.COMPLIANCE}),
        "document.make": _COLLECTORS | {Role.FINANCE, Role.COMPLIANCE, Role.LEGAL},
        "api_key.change": frozenset({Role.ADMIN}),
        "webhook.change": frozenset({Role.ADMIN}),
        # Collections. Who collects does not lift what stops her, and does not judge herself.
        "case.view": _COLLECTORS
        | {
            Role.COMPLIANCE,
            Role.QUALITY,
            Role.INVESTIGATOR,
            Role.LEGAL,
            Role.ANALYST,
            Role.AUDITOR,
        },
        "case.work": _COLLECTORS,
        "case.assign": frozenset({Role.TEAM_LEAD, Role.MANAGER}),
        "case.configure": frozenset({Role.MANAGER}),
        "contact.view": _COLLECTORS
        | {Role.COMPLIANCE, Role.QUALITY, Role.INVESTIGATOR, Role.LEGAL, Role.AUDITOR},
        "contact.make": _COLLECTORS,
        "contact.stop": _COLLECTORS | {Role.COMPLIANCE, Role.LEGAL, Role.QUALITY},
        "contact.lift": frozenset({Role.COMPLIANCE}),
        "rule.view": _EVERYONE_INSIDE,
        "rule.change": frozenset({Role.COMPLIANCE}),
        "template.view": _EVERYONE_INSIDE,
        "template.change": frozenset({Role.MANAGER}),
        "visit.view": _COLLECTORS | {Role.COMPLIANCE, Role.QUALITY, Role.AUDITOR},
        "visit.plan": frozenset({Role.TEAM_LEAD, Role.MANAGER}),
        "visit.make": frozenset({Role.FIELD_COLLECTOR}),
        "supervision.view": frozenset(
            {
                Role.TEAM_LEAD,
                Role.MANAGER,
                Role.COMPLIANCE,
                Role.QUALITY,
                Role.ANALYST,
                Role.AUDITOR,
            }
        ),
        "quality.view": _COLLECTORS | {Role.QUALITY, Role.COMPLIANCE, Role.AUDITOR},
        "quality.review": frozenset({Role.QUALITY}),
        "quality.appeal": frozenset({Role.COLLECTOR, Role.FIELD_COLLECTOR, Role.TEAM_LEAD}),
        "training.view": _COLLECTORS | {Role.QUALITY, Role.COMPLIANCE, Role.AUDITOR},
        "training.change": frozenset({Role.QUALITY, Role.COMPLIANCE}),
        "training.take": _COLLECTORS,
        "complaint.view": _COLLECTORS | {Role.COMPLIANCE, Role.QUALITY, Role.LEGAL, Role.AUDITOR},
        "complaint.record": _COLLECTORS | {Role.COMPLIANCE, Role.QUALITY, Role.LEGAL},
        "complaint.decide": frozenset({Role.COMPLIANCE}),
        "person.state": _COLLECTORS | {Role.COMPLIANCE, Role.INVESTIGATOR, Role.LEGAL},
        "audit.export": frozenset({Role.COMPLIANCE, Role.AUDITOR}),
        "personal_data.export": frozenset({Role.COMPLIANCE}),
        "personal_data.answer": frozenset({Role.COMPLIANCE}),
        "cutover.import": frozenset({Role.OPERATOR}),
    }
)

SENSITIVE = frozenset(  # Who grants one of these, or a role that holds one, is not alone in it.
    {
        "user.change",
        "api_key.change",
        "webhook.change",
        "channel.change",
        "parameter.change",
        "authority.change",
        "rule.change",
        "contact.lift",
        "payment.record",
        "loan.disburse",
        "audit.export",
        "personal_data.export",
        "party.delete_personal_data",
        "cutover.import",
    }
)
SENSITIVE_ROLES = frozenset(role for permission in SENSITIVE for role in PERMISSIONS[permission])
SEPARATE = (  # No role, and but for an exception two people agree on no person, holds both.
    ("contact.make", "contact.lift"),
    ("contact.make", "rule.change"),
    ("contact.make", "quality.review"),
    ("contact.make", "complaint.decide"),
    ("contact.make", "payment.record"),
    ("case.work", "payment.resolve"),
    ("template.change", "rule.change"),
    ("payment.record", "authority.change"),
    ("payment.record", "parameter.change"),
    ("user.change", "party.view_personal_data"),
    ("user.change", "payment.record"),
    ("user.change", "approval.decide"),
    ("user.change", "personal_data.export"),
    ("audit.export", "end_of_day.run"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a user may see under one permission: whole books, and single funders' loans."""

    every_book: bool
    book_names: frozenset[str]
    funder_ids: frozenset[int]  # Loans of these funders, in any book.
    funder_ids_by_book: frozenset[tuple[str, int]]

    @property
    def is_empty(self) -> bool:
        return not (
            self.every_book or self.book_names or self.funder_ids or self.funder_ids_by_book
        )

    def holds(self, *, book_name: str, funder_id: int | None) -> bool:
        return (
            self.every_book
            or book_name in self.book_names
            or funder_id in self.funder_ids
            or (book_name, funder_id) in self.funder_ids_by_book
        )


def scope(*, user: User, permission: str) -> Scope:
    """Return what the user's grants open to her under one permission."""
    whole: set[str] = set()
    funders: set[int] = set()
    by_book: set[tuple[str, int]] = set()
    every_book = False
    for grant in grants_of(user):
        if grant.role not in PERMISSIONS[permission]:
            continue
        if grant.funder_id is None:
            every_book |= not grant.book_name
            whole |= {grant.book_name} - {""}
        elif grant.book_name:
            by_book.add((grant.book_name, grant.funder_id))
        else:
            funders.add(grant.funder_id)
    return Scope(
        every_book=every_book,
        book_names=frozenset(whole),
        funder_ids=frozenset(funders),
        funder_ids_by_book=frozenset(by_book),
    )


def may(*, user: User, permission: str, target: object = None) -> bool:
    """Tell whether the user may do this, here: on a book, on a loan, or anywhere if no target."""
    return permission in PERMISSIONS and bool(
        has_perm(permission, user, target)  # type: ignore[no-untyped-call]
    )


def may_everywhere(*, user: User, permission: str) -> bool:
    """Tell whether the user may do this for the whole installation: on every book, whole."""
    return scope(user=user, permission=permission).every_book


def permissions_of(roles: Iterable[str]) -> frozenset[str]:
    """Return what holders of these roles may do, taken together."""
    held = set(roles)
    return frozenset(name for name, carried in PERMISSIONS.items() if carried & held)


def conflicts(roles: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Name the pairs of rights that one person with these roles should not hold together."""
    held = permissions_of(roles)
    return tuple(pair for pair in SEPARATE if held.issuperset(pair))


def needs_second_factor(user: User) -> bool:
    """Tell whether a user's roles are such that a password alone is not enough."""
    personal = PERMISSIONS["party.view_personal_data"]
    return any(
        grant.role in SENSITIVE_ROLES or (grant.role in personal and not grant.book_name)
        for grant in grants_of(user)
    )


def has_second_factor(user: User) -> bool:
    return bool(Authenticator.objects.filter(user_id=user.pk, type__in=FACTORS).exists())


def system_user() -> User:
    """Return the user that unattended runs act as."""
    return User.objects.get(username="system")


def grants_of(user: object) -> list[RoleGrant]:
    """Return the grants of an active user, read once per request."""
    if not isinstance(user, User) or not user.is_active:
        return []
    cached = getattr(user, "_grants", None)
    if cached is None:
        cached = list(user.grants.all())
        user._grants = cached  # type: ignore[attr-defined]  # noqa: SLF001  Once per request.
    return cached


def _allows(permission: str) -> object:
    @predicate(f"holds {permission}")  # type: ignore[no-untyped-call,untyped-decorator]
    def holds(user: object, target: object = None) -> bool:
        if not isinstance(user, User):
            return False
        found = scope(user=user, permission=permission)
        if target is None:
            return not found.is_empty
        book = getattr(target, "book", target)
        funder_id = getattr(target, "funder_id", None)
        return found.holds(book_name=str(getattr(book, "name", "")), funder_id=funder_id)

    return holds


for _permission in PERMISSIONS:
    add_perm(_permission, _allows(_permission))  # type: ignore[no-untyped-call]
