"""Let what another system did before the cut-over hold slots: the database counts it, too."""

from typing import Final

from django.db import connection

from daihou.web.contacts import keys, subjects
from daihou.web.ledger.models import Book
from daihou.web.parameters.queries import profile_on
from daihou.web.parties import reach
from daihou.web.parties.models import PriorAttempt

# As the trigger on permits counts, but over a cap as well: what was done was done. ``united_from``
# keeps them apart from the numbers that our own permits take.
_HOLD: Final = """
INSERT INTO contacts_slot
    (prior_id, limit_id, rule_id, holder, day, number, most, united_from)
SELECT %(prior_id)s, newest.id, newest.rule_id, held.holder, given.day, 1, newest.most,
    -%(prior_id)s
FROM (SELECT (%(at)s::timestamptz AT TIME ZONE %(time_zone)s)::date AS day) AS given
CROSS JOIN LATERAL (SELECT DISTINCT ON (rule_id) * FROM contacts_limit
    WHERE jurisdiction IN (%(jurisdiction)s, '') AND valid_from <= given.day
    ORDER BY rule_id, valid_from DESC) AS newest
CROSS JOIN LATERAL unnest(contacts_holders(newest.per, %(recipient_id)s, %(address_key)s,
    %(debt_keys)s::text[])) AS held (holder)
WHERE (newest.valid_through IS NULL OR newest.valid_through >= given.day) AND newest.most > 0
    AND %(outcome)s = ANY (newest.kept_by)
    AND (newest.channels = '{}' OR %(channel)s = ANY (newest.channels))
    AND (newest.purposes = '{}' OR %(purpose)s = ANY (newest.purposes))
    AND (newest.recipients = '{}' OR %(recipient)s = ANY (newest.recipients))
"""


def hold(*, attempt: PriorAttempt, book: Book) -> None:
    """Take the slots of an attempt made elsewhere, by the day where the person is."""
    locked = subjects.lock(party_id=attempt.party_id, recipient_party_id=attempt.recipient_party_id)
    on = attempt.at.date()
    zone = reach.time_zone(party=attempt.recipient_party, on=on)
    with connection.cursor() as cursor:
        cursor.execute(
            _HOLD,
            {
                "prior_id": attempt.pk,
                "at": attempt.at,
                "time_zone": zone.name if zone else book.time_zone,
                "jurisdiction": profile_on(book=book, on=on).jurisdiction,
                "recipient_id": locked.recipient_id,
                "address_key": keys.address_key(
                    kind=attempt.point_kind, digest=bytes(attempt.digest)
                ),
                "debt_keys": [keys.debt_key(loan_id=loan_id) for loan_id in attempt.loan_ids],
                "outcome": attempt.outcome,
                "channel": attempt.channel,
                "purpose": attempt.purpose,
                "recipient": attempt.recipient,
            },
        )
