"""What the guard is told of what was established of debts; see ``findings``."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from daihou.web.contacts import providers
from daihou.web.contacts.models import OF_DEBT, FindingKind
from daihou.web.contacts.providers import FactRequest, Provided

# Last: whether whoever is to be reached owes the loan or vouches for it herself.
SQL: Final = """
SELECT jsonb_agg(jsonb_build_array(found.kind, found.loan_id, found.party_id, found.from_on,
        found.named, found.amount_minor, found.id,
        EXISTS (SELECT FROM parties_loanrole AS part
            WHERE part.loan_id = found.loan_id AND part.role <> 'contact'
                AND part.party_id = ANY (%(recipient_party_ids)s::bigint[])
                AND (part.ended_on IS NULL OR part.ended_on > %(on)s::date)))
    ORDER BY found.from_on, found.id)
FROM contacts_finding AS found
LEFT JOIN contacts_findingend AS ended ON ended.finding_id = found.id
WHERE found.loan_id = ANY (%(loan_ids)s::bigint[])
    AND (ended.at IS NULL OR ended.at > %(at)s::timestamptz)
"""


def register() -> None:
    """Let the guard be told; called in ``AppConfig.ready``."""
    providers.register(name="findings", read=read, sql=SQL)


def read(asked: FactRequest, found: Sequence[Sequence[Any]] | None) -> Provided:
    """Turn what was read into facts; without any finding, into none."""
    if not found:
        return Provided()
    rows = [_Row(*each) for each in found]
    agents = _rows(rows, FindingKind.AGENT_TOLD, asked.party_ids)
    return Provided(
        person=_person(asked, rows),
        debts={
            loan_id: _debt(asked, [row for row in rows if row.loan_id == loan_id])
            for loan_id in asked.loan_ids
        },
        facts={
            "agents_told": tuple(
                name
                for name in sorted({row.named for row in agents})
                if _are_all(asked, [row for row in agents if row.named == name])
            )
        },
    )


@dataclass(frozen=True, slots=True)
class _Row:
    kind: str
    loan_id: int
    party_id: int | None
    from_on: str
    named: str
    amount_minor: int | None
    finding_id: int
    is_answered_for: bool


def _rows(rows: Iterable[_Row], kind: FindingKind, whom: Sequence[int] = ()) -> list[_Row]:
    """Choose rows of a kind, about one of these parties where it is about somebody."""
    return [row for row in rows if row.kind == kind and (kind in OF_DEBT or row.party_id in whom)]


def _are_all(asked: FactRequest, rows: Iterable[_Row]) -> bool:
    """Say whether every loan that is asked about is among them."""
    return {row.loan_id for row in rows} == set(asked.loan_ids)


def _person(asked: FactRequest, rows: Sequence[_Row]) -> dict[str, Any]:
    """Tell of the spouse or heir what was established of every loan that is asked about."""
    told: dict[str, Any] = {}
    joint = _rows(rows, FindingKind.JOINT_DEBT, asked.recipient_party_ids)
    if _are_all(asked, joint):
        told["joint_debt_evidence"] = _evidence(joint)
    inherited = _rows(rows, FindingKind.INHERITANCE, asked.recipient_party_ids)
    if _are_all(asked, inherited):
        newest = {row.loan_id: row.amount_minor or 0 for row in inherited}
        told["inheritance_evidence"] = _evidence(inherited)
        told["estate_left_minor"] = min(newest.values())
    return told


def _debt(asked: FactRequest, rows: Sequence[_Row]) -> dict[str, Any]:
    """Tell of a loan: whether it was transferred, since when it may be collected, the notices.

    Who answers for it herself was told herself (民法典 546, 696); for others the debtor was.
    """
    told: dict[str, Any] = {}
    hers = asked.recipient_party_ids
    notices = _rows(rows, FindingKind.VALIDATION_SENT, hers)
    if notices:
        told["validation_notice_on"] = date.fromisoformat(notices[0].from_on)
    transfers = _rows(rows, FindingKind.TRANSFERRED)
    if transfers:
        whom = hers if transfers[-1].is_answered_for else asked.party_ids
        arrived = _rows(rows, FindingKind.TRANSFER_TOLD, whom)
        since = [row.from_on for row in arrived if row.from_on >= transfers[-1].from_on]
        told["is_transferred"] = True
        told["transfer_notice_arrived_on"] = date.fromisoformat(since[0]) if since else None
    return told


def _evidence(rows: Iterable[_Row]) -> str:
    return ", ".join(f"finding {row.finding_id}" for row in rows)
