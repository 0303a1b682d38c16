"""Note the times at which a person does not want to be reached, and tell the guard of them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Q, QuerySet

from daihou.collect.facts import Inconvenient
from daihou.collect.requests import Channel
from daihou.web.access.models import User
from daihou.web.audit import operations as audit, withholding
from daihou.web.contacts import operations, providers, subjects
from daihou.web.contacts.errors import ContactFault
from daihou.web.contacts.models import BadTime, BadTimeEnd
from daihou.web.contacts.providers import FactRequest, Provided
from daihou.web.parties import queries as parties
from daihou.web.parties.models import Party

DAY_MINUTES: Final = 24 * 60
SQL: Final = """(
SELECT jsonb_agg(jsonb_build_array(bad.from_minute, bad.until_minute, bad.weekdays, bad.channels)
    ORDER BY bad.id)
FROM contacts_badtime AS bad LEFT JOIN contacts_badtimeend AS ended ON ended.bad_time_id = bad.id
WHERE bad.party_id = ANY (%(recipient_party_ids)s::bigint[])
    AND bad.started_at <= %(at)s::timestamptz
    AND (ended.at IS NULL OR ended.at > %(at)s::timestamptz))"""


def register() -> None:
    """Let the guard be told; called in ``AppConfig.ready``."""
    providers.register(name="bad_times", read=read, sql=SQL)


def read(asked: FactRequest, found: Sequence[Sequence[Any]] | None) -> Provided:  # noqa: ARG001
    """Turn what was read into facts."""
    return Provided(
        inconvenient=tuple(
            Inconvenient(
                from_minute=from_minute,
                until_minute=until_minute,
                weekdays=frozenset(weekdays),
                channels=frozenset(map(Channel, channels)),
            )
            for from_minute, until_minute, weekdays, channels in found or []
        )
    )


@transaction.atomic
def note(
    *,
    party: Party,
    from_minute: int,
    until_minute: int,
    at: datetime,
    acting_user: User,
    weekdays: Iterable[int] = (),
    channels: Iterable[Channel] = (),
    said: str = "",
) -> BadTime:
    """Note a time of her day at which a person is not to be reached; what waits is taken back.

    :raises ContactFault: ``contact.time_wrong``.
    """
    days = sorted(set(weekdays))
    minutes = (from_minute, until_minute)
    is_fit = 0 <= from_minute < DAY_MINUTES and 0 <= until_minute <= DAY_MINUTES
    if not is_fit or from_minute == until_minute or not set(days) <= set(range(7)):
        raise ContactFault("contact.time_wrong")
    locked = subjects.lock(party_id=party.pk, recipient_party_id=party.pk)
    made = BadTime.objects.create(
        subject_id=locked.subject_id,
        party=party,
        from_minute=from_minute,
        until_minute=until_minute,
        weekdays=days,
        channels=sorted(channel.value for channel in channels),
        started_at=at,
        note_digest=withholding.keep(text=said, party_id=party.pk),
        acting_user=acting_user,
    )
    operations.withdraw_pending(party=party, reason="bad_time", at=at, acting_user=acting_user)
    _audit("bad_time.note", made, acting_user, minutes=list(minutes), weekdays=days)
    return made


@transaction.atomic
def end(*, bad_time: BadTime, at: datetime, acting_user: User) -> BadTimeEnd:
    """Note that a time is no longer bad for her.

    :raises ContactFault: ``contact.time_ended``.
    """
    subjects.lock(party_id=bad_time.party_id, recipient_party_id=bad_time.party_id)
    if BadTimeEnd.objects.filter(bad_time=bad_time).exists():
        raise ContactFault("contact.time_ended")
    made = BadTimeEnd.objects.create(bad_time=bad_time, at=at, acting_user=acting_user)
    _audit("bad_time.end", bad_time, acting_user)
    return made


def in_force(*, party: Party, at: datetime) -> QuerySet[BadTime]:
    """Query the times that are bad for a person at an instant, as she named them."""
    found = BadTime.objects.filter(party_id__in=parties.family_ids(party=party), started_at__lte=at)
    return found.filter(Q(ended__isnull=True) | Q(ended__at__gt=at)).order_by("pk")


def _audit(action: str, row: BadTime, acting_user: User, **details: object) -> None:
    audit.record(
        acting_user=acting_user,
        action=action,
        target_type="bad_time",
        target_id=row.pk,
        details={"party": row.party_id, **details},
    )
