"""What the guard is told of a person: where she lives, why she may be reached, what holds of her.

One expression is read with everybody's under the person's lock; see ``contacts.providers``. Zones
are every place where she may be: as she or her address says, else by her numbers.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from daihou.collect.facts import Attempt, Basis, BasisKind, Guarantee
from daihou.collect.requests import Channel, Outcome, Purpose, Recipient
from daihou.errors import DaihouError
from daihou.web.contacts import findings, keys, providers
from daihou.web.contacts.models import FindingKind
from daihou.web.contacts.providers import FactRequest, Provided
from daihou.web.limitation import queries as limitation
from daihou.web.parties import encryption, queries
from daihou.web.parties.models import GuaranteeType, LoanRole, PointSource, Role, StateKind
from daihou.web.parties.reach import GIVEN, zones_of

SOUGHT_DAYS: Final = 30  # Evidence that somebody is out of reach wears out by then.
PARTS: Final = {
    "borrower": Recipient.DEBTOR,
    "co_borrower": Recipient.CO_BORROWER,
    "guarantor": Recipient.GUARANTOR,
    "contact": Recipient.CONTACT_PERSON,
    FindingKind.JOINT_DEBT.value: Recipient.SPOUSE,
    FindingKind.INHERITANCE.value: Recipient.HEIR,
}
OF_OTHERS: Final = frozenset({Recipient.CONTACT_PERSON, Recipient.SPOUSE, Recipient.HEIR})
SQL: Final = """
SELECT jsonb_build_object(
    'point', (SELECT jsonb_build_array(point.source, point.basis, point.basis_evidence,
            point.noted_at, point.wrong_party_at IS NULL
                AND (point.valid_from IS NULL OR point.valid_from <= %(on)s::date)
                AND (point.valid_until IS NULL OR point.valid_until >= %(on)s::date)
                AND EXISTS (SELECT FROM parties_personaldatum AS datum
                    WHERE datum.party_id = ANY (%(recipient_party_ids)s::bigint[])
                        AND datum.field = CASE point.kind WHEN 'account' THEN 'bank_account'
                            ELSE point.kind END
                        AND datum.blind_index = point.digest),
            point.wrong_party_at IS NOT NULL)
        FROM parties_contactpoint AS point WHERE point.id = %(point_id)s::bigint),
    'places', (SELECT jsonb_agg(jsonb_build_array(point.time_zone, datum.party_id, datum.field,
            datum.position, datum.key_id, encode(datum.ciphertext, 'hex')) ORDER BY point.id)
        FROM parties_contactpoint AS point JOIN parties_personaldatum AS datum
            ON datum.party_id = point.party_id AND datum.blind_index = point.digest
                AND datum.field = point.kind
        WHERE point.party_id = ANY (%(recipient_party_ids)s::bigint[])
            AND point.kind IN ('phone', 'address')
            AND point.wrong_party_at IS NULL
            AND (point.valid_from IS NULL OR point.valid_from <= %(on)s::date)
            AND (point.valid_until IS NULL OR point.valid_until >= %(on)s::date)),
    'parts', (SELECT jsonb_agg(jsonb_build_array(part.role, part.loan_id, part.id, part.from_on))
        FROM (SELECT 'borrower' AS role, id AS loan_id, NULL::bigint AS id, start_on AS from_on
            FROM loans_loan
            WHERE id = ANY (%(loan_ids)s::bigint[])
                AND person_id = ANY (%(recipient_party_ids)s::bigint[])
        UNION ALL SELECT role, loan_id, id, started_on FROM parties_loanrole
            WHERE loan_id = ANY (%(loan_ids)s::bigint[])
                AND party_id = ANY (%(recipient_party_ids)s::bigint[])
                AND started_on <= %(on)s::date
                AND (ended_on IS NULL OR ended_on > %(on)s::date)
        UNION ALL SELECT kind, loan_id, found.id, from_on FROM contacts_finding AS found
            LEFT JOIN contacts_findingend AS ended ON ended.finding_id = found.id
            WHERE loan_id = ANY (%(loan_ids)s::bigint[])
                AND party_id = ANY (%(recipient_party_ids)s::bigint[])
                AND kind IN ('joint_debt', 'inheritance')
                AND (ended.at IS NULL OR ended.at > %(at)s::timestamptz)) AS part),
    'prior', (SELECT jsonb_agg(jsonb_build_array(prior.at, prior.channel, prior.purpose,
            prior.recipient, prior.point_kind, encode(prior.digest, 'hex'), prior.loan_ids,
            prior.outcome, prior.recipient_party_id) ORDER BY prior.at, prior.id)
        FROM parties_priorattempt AS prior WHERE prior.at >= (SELECT at FROM since)
            AND (prior.party_id = ANY (%(party_ids)s::bigint[])
                OR prior.recipient_party_id = ANY (%(recipient_party_ids)s::bigint[])
                OR prior.digest = (SELECT digest FROM parties_contactpoint
                    WHERE id = %(point_id)s::bigint))),
    'states', (SELECT jsonb_agg(jsonb_build_array(kind, id, evidence, started_on) ORDER BY id)
        FROM parties_personstate WHERE party_id = ANY (%(party_ids)s::bigint[])
            AND started_on <= %(on)s::date
            AND (ended_on IS NULL OR ended_on > %(on)s::date)))
"""


def register() -> None:
    """Let the guard be told; called in ``AppConfig.ready``."""
    providers.register(name="persons", read=read, sql=SQL)


def read(asked: FactRequest, found: Mapping[str, Any]) -> Provided:
    """Turn what was read into facts."""
    parts: dict[str, date] = {}  # Since when she has each part, in the oldest of the loans.
    for role, _, _, from_on in found["parts"] or []:
        parts[role] = min(date.fromisoformat(from_on), parts.get(role, date.max))
    source, basis, evidence, noted_at, is_usable, is_wrong = found["point"]
    zones, zone_source = _zones(found["places"] or [])
    return Provided(
        time_zones=zones,
        bases=_bases(
            parts, source=source, basis=basis, evidence=evidence, noted_at=_instant(noted_at)
        ),
        attempts=_attempts(asked, found["prior"] or []),
        guarantees=_guarantees(asked, found["parts"] or []),
        person=_person(found["states"] or []),
        facts={
            "time_zone_source": zone_source,
            "address_is_wrong": is_wrong,
            "address_may_be_used": is_usable,
        },
    )


def _bases(
    parts: Mapping[str, date], *, source: str, basis: str, evidence: str, noted_at: datetime
) -> tuple[Basis, ...]:
    """Give the basis of the point itself, else the contract for what its own party gave.

    What came with the contract may be used since then, whenever it was entered here.
    """
    recipients = [PARTS[part] for part in sorted(parts)]
    if basis in {kind.value for kind in BasisKind}:
        wanted = recipients or [Recipient.OTHER]
        return tuple(
            Basis(kind=BasisKind(basis), recipient=each, from_at=noted_at, evidence=evidence)
            for each in wanted
        )
    if basis or source not in GIVEN:
        return ()
    return tuple(
        Basis(
            kind=BasisKind.CONTRACT,
            recipient=PARTS[part],
            from_at=datetime.combine(parts[part], time.min, UTC)
            if source == PointSource.CONTRACT
            else noted_at,
            evidence="loan contract",
        )
        for part in sorted(parts)
        if PARTS[part] not in OF_OTHERS
    )


def _attempts(asked: FactRequest, rows: Sequence[Sequence[Any]]) -> tuple[Attempt, ...]:
    told = []
    for at, channel, purpose, recipient, kind, digest, loan_ids, outcome, party_id in rows:
        is_same = party_id in asked.recipient_party_ids
        told.append(
            Attempt(
                at=_instant(at),
                channel=Channel(channel),
                purpose=Purpose(purpose),
                recipient=Recipient(recipient),
                address_key=keys.address_key(kind=kind, digest=bytes.fromhex(digest)),
                debt_keys=tuple(keys.debt_key(loan_id=loan_id) for loan_id in loan_ids),
                outcome=Outcome(outcome),
                recipient_key=asked.recipient_key if is_same else f"party {party_id}",
            )
        )
    return tuple(told)


def _guarantees(asked: FactRequest, parts: Sequence[Sequence[Any]]) -> tuple[Guarantee, ...]:
    """Tell the kind and the period of each guarantee; of one without a known period, nothing."""
    ids = [role_id for role, _, role_id, _ in parts if role == Role.GUARANTOR]
    if not ids:
        return ()
    exhausted = findings.exhausted(loan_ids=asked.loan_ids, at=asked.at)
    told = []
    for role in LoanRole.objects.filter(pk__in=ids).select_related("loan__book", "loan__product"):
        try:
            clock = limitation.guarantee_of(role=role, as_of=asked.on)
        except DaihouError:  # The law of the book is not known here.
            continue
        if clock is None:
            continue
        told.append(
            Guarantee(
                debt_keys=frozenset({asked.debt_keys[role.loan_id]}),
                through_on=clock.expires_on,
                is_joint=role.guarantee_type == GuaranteeType.JOINT,
                was_claimed=clock.acted_on is not None,
                debtor_exhausted=role.loan_id in exhausted,
                evidence=f"loan role {role.pk}",
            )
        )
    return tuple(told)


def _zones(places: Sequence[Sequence[Any]]) -> tuple[tuple[str, ...], str]:
    stated = tuple(dict.fromkeys(place[0] for place in places if place[0]))
    if stated:
        return stated, "stated"
    for field in ("address", "phone"):
        zones: dict[str, None] = {}
        for _, party_id, kind, position, key_id, ciphertext in places:
            if kind != field:
                continue
            value = encryption.unseal(
                sealed=encryption.Sealed(key_id=key_id, ciphertext=bytes.fromhex(ciphertext)),
                place=queries.place(party_id=party_id, field=kind, position=position),
            )
            zones |= dict.fromkeys(zones_of(kind=kind, value=value))
        if zones:
            return tuple(zones), field
    return (), ""


def _person(states: Sequence[Sequence[Any]]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for kind, state_id, evidence, started_on in states:
        said = evidence or f"state {state_id}"
        if kind == StateKind.DECEASED:
            told["deceased_evidence"] = said
        elif kind == StateKind.INCAPABLE:
            told["incapable_evidence"] = said
        elif kind == StateKind.MISSING and evidence:
            until = date.fromisoformat(started_on) + timedelta(days=SOUGHT_DAYS)
            told |= {"unreachable_evidence": said, "unreachable_until": until}
    return told


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
