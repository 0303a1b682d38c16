"""The statements behind the figures; each row is ``(user id, numbers…)``.

They take ``%(book_id)s`` and the period as days ``%(from_on)s``, ``%(through_on)s`` and as instants
of the book's zone ``%(from_at)s`` (first) and ``%(until_at)s`` (first after).
"""

from typing import Final

# Whose case it was at any time of the period: cases, what they owed when they were handed out.
ASSIGNED: Final = """
SELECT owner_id, count(DISTINCT case_id), sum(overdue_minor)
FROM (
    SELECT DISTINCT ON (held.owner_id, held.case_id)
        held.owner_id, held.case_id, held.overdue_minor
    FROM cases_assignment held
    JOIN cases_case given ON given.id = held.case_id AND given.book_id = %(book_id)s
    WHERE held.from_at < %(until_at)s
        AND (held.until_at IS NULL OR held.until_at >= %(from_at)s)
    ORDER BY held.owner_id, held.case_id, held.from_at
) first_held
GROUP BY owner_id
"""

# What was permitted and became of it; a live call and an unknown outcome count as attempts only.
CONTACTS: Final = """
SELECT asked.acting_user_id,
    count(*) AS attempts,
    count(DISTINCT asked.case_number) AS cases_attempted,
    count(*) FILTER (WHERE asked.channel IN ('voice', 'robot')) AS dialled,
    count(*) FILTER (WHERE asked.channel IN ('voice', 'robot')
        AND ended.outcome IN ('effective', 'refused', 'wrong_person')) AS answered,
    count(*) FILTER (WHERE ended.outcome IN ('effective', 'refused')
        AND asked.recipient = 'debtor') AS right_party,
    count(DISTINCT asked.case_number) FILTER (WHERE ended.outcome IN ('effective', 'refused')
        AND asked.recipient = 'debtor') AS cases_right_party,
    count(DISTINCT asked.subject_id) AS persons_targeted,
    count(DISTINCT asked.subject_id) FILTER (
        WHERE ended.outcome IN ('effective', 'refused', 'delivered')) AS persons_reached,
    coalesce(sum(ended.seconds), 0) AS talk_seconds
FROM contacts_permit asked
LEFT JOIN LATERAL (
    SELECT outcome, seconds FROM contacts_outcome
    WHERE permit_id = asked.id ORDER BY id DESC LIMIT 1
) ended ON true
WHERE asked.book_id = %(book_id)s AND asked.at >= %(from_at)s AND asked.at < %(until_at)s
    AND ended.outcome IS DISTINCT FROM 'withdrawn'
GROUP BY asked.acting_user_id
"""

REFUSED: Final = """
SELECT acting_user_id, count(*)
FROM contacts_refusal
WHERE book_id = %(book_id)s AND at >= %(from_at)s AND at < %(until_at)s
GROUP BY acting_user_id
"""

PROMISED: Final = """
SELECT made.made_by_id, count(*), sum(made.amount_minor)
FROM cases_promise made
JOIN cases_case given ON given.id = made.case_id AND given.book_id = %(book_id)s
WHERE made.made_on BETWEEN %(from_on)s AND %(through_on)s AND made.source_ref = ''
GROUP BY made.made_by_id
"""

# Promises that came to their end in the period: open ones are never a part of a kept rate.
MATURED: Final = """
SELECT made.made_by_id,
    count(*) FILTER (WHERE made.state = 'kept') AS kept,
    count(*) AS matured,
    coalesce(sum(made.amount_minor) FILTER (WHERE made.state = 'kept'), 0) AS kept_minor,
    sum(made.amount_minor) AS matured_minor
FROM cases_promise made
JOIN cases_case given ON given.id = made.case_id AND given.book_id = %(book_id)s
WHERE made.state IN ('kept', 'broken')
    AND made.decided_on BETWEEN %(from_on)s AND %(through_on)s
GROUP BY made.made_by_id
"""

# Money of the person herself on loans of a case, by who owned it then; what was taken back is not.
CASH: Final = """
SELECT held.owner_id, sum(paid.amount_minor), count(DISTINCT held.case_id)
FROM ledger_event paid
JOIN cases_caseloan inside ON inside.loan_id = paid.loan_id
JOIN cases_assignment held ON held.case_id = inside.case_id
    AND (held.from_at AT TIME ZONE %(zone)s)::date <= paid.effective_on
    AND (held.until_at IS NULL OR (held.until_at AT TIME ZONE %(zone)s)::date > paid.effective_on)
WHERE paid.book_id = %(book_id)s AND paid.kind IN ('payment_received', 'prepaid', 'recovered')
    AND paid.effective_on BETWEEN %(from_on)s AND %(through_on)s
    AND NOT EXISTS (
        SELECT FROM ledger_event back
        WHERE back.book_id = paid.book_id AND back.loan_id = paid.loan_id
            AND back.kind = 'payment_reversed' AND back.target_key = paid.key)
GROUP BY held.owner_id
"""

CURED: Final = """
SELECT held.owner_id, count(DISTINCT closed.id)
FROM cases_case closed
JOIN LATERAL (
    SELECT owner_id FROM cases_assignment
    WHERE case_id = closed.id ORDER BY from_at DESC LIMIT 1
) held ON true
WHERE closed.book_id = %(book_id)s AND closed.close_reason = 'cured'
    AND closed.closed_on BETWEEN %(from_on)s AND %(through_on)s
GROUP BY held.owner_id
"""

# Of the cases that entered in the period: seconds within which half of all of them were first
# attempted (none: less than half were), how many were attempted, how many entered.
FIRST_ATTEMPT: Final = """
SELECT nullif(percentile_disc(0.5) WITHIN GROUP (
        ORDER BY coalesce(extract(epoch FROM first.at - opened.at), 'Infinity')), 'Infinity')
        ::bigint,
    count(first.at), count(*)
FROM cases_turn opened
JOIN cases_case entered ON entered.id = opened.case_id AND entered.book_id = %(book_id)s
LEFT JOIN LATERAL (
    SELECT at FROM contacts_permit
    WHERE case_number = opened.case_id AND at >= opened.at ORDER BY at LIMIT 1
) first ON true
WHERE opened.kind IN ('opened', 'reopened')
    AND opened.happened_on BETWEEN %(from_on)s AND %(through_on)s
"""

# Each collector's days with a deed: seconds of talk, and of the pauses longer than ``idle_after``
# between the first deed of the day and the last; a call lasts as long as its outcome says.
DAYS: Final = """
WITH deed AS (
    SELECT asked.acting_user_id AS user_id, asked.at AS from_at,
        asked.at + make_interval(secs => coalesce(ended.seconds, 0)) AS until_at,
        coalesce(ended.seconds, 0) AS seconds
    FROM contacts_permit asked
    LEFT JOIN LATERAL (
        SELECT seconds FROM contacts_outcome
        WHERE permit_id = asked.id ORDER BY id DESC LIMIT 1
    ) ended ON true
    WHERE asked.book_id = %(book_id)s AND asked.at >= %(from_at)s AND asked.at < %(until_at)s
    UNION ALL
    SELECT said.made_by_id, said.made_at, said.made_at, 0
    FROM cases_note said
    JOIN cases_case given ON given.id = said.case_id AND given.book_id = %(book_id)s
    WHERE said.made_at >= %(from_at)s AND said.made_at < %(until_at)s
    UNION ALL
    SELECT said.made_by_id, said.made_at, said.made_at, 0
    FROM cases_promise said
    JOIN cases_case given ON given.id = said.case_id AND given.book_id = %(book_id)s
    WHERE said.made_at >= %(from_at)s AND said.made_at < %(until_at)s AND said.source_ref = ''
), placed AS (
    SELECT deed.user_id, (from_at AT TIME ZONE %(zone)s)::date AS on_day, seconds,
        from_at - max(until_at) OVER (
            PARTITION BY deed.user_id, (from_at AT TIME ZONE %(zone)s)::date
            ORDER BY from_at, until_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS pause
    FROM deed
    JOIN cases_collector person ON person.user_id = deed.user_id
)
SELECT user_id, on_day, sum(seconds)::bigint AS spoken,
    coalesce(sum(extract(epoch FROM pause)) FILTER (WHERE pause > %(idle_after)s), 0)::bigint
        AS idle
FROM placed
GROUP BY user_id, on_day
ORDER BY on_day, user_id
"""

WORKED: Final = f"""
SELECT user_id, count(*), sum(spoken), sum(idle) FROM ({DAYS}) days GROUP BY user_id
"""  # noqa: S608  Both parts are written here.

# The last deed of everybody today, by kind, and what she has in hand.
LIVE: Final = """
SELECT person.user_id, team.name,
    (SELECT count(*) FROM cases_case held
        WHERE held.book_id = %(book_id)s AND held.owner_id = person.user_id
        AND held.state = 'open') AS open_cases,
    person.capacity,
    (SELECT held.id FROM cases_case held
        WHERE held.book_id = %(book_id)s AND held.locked_by_id = person.user_id
        AND held.locked_until > %(now)s LIMIT 1) AS in_hand,
    contact.last_at AS last_contact_at,
    greatest(
        contact.last_at,
        (SELECT max(made_at) FROM cases_note deed
            WHERE deed.made_by_id = person.user_id AND deed.made_at >= %(from_at)s),
        (SELECT max(made_at) FROM cases_promise deed
            WHERE deed.made_by_id = person.user_id AND deed.made_at >= %(from_at)s),
        (SELECT max(last_worked_at) FROM cases_case deed
            WHERE deed.locked_by_id = person.user_id AND deed.last_worked_at >= %(from_at)s),
        (SELECT max(deed.locked_until) - make_interval(mins => coalesce((
                SELECT lock_minutes FROM cases_entryrule
                WHERE book_id = %(book_id)s AND effective_on <= %(through_on)s
                ORDER BY effective_on DESC LIMIT 1), 15))
            FROM cases_case deed
            WHERE deed.book_id = %(book_id)s AND deed.locked_by_id = person.user_id
            AND deed.locked_until > %(now)s)
    ) AS last_deed_at,
    EXISTS (SELECT FROM contacts_outbox live
        JOIN contacts_permit deed ON deed.id = live.permit_id
        WHERE live.live_subject IS NOT NULL AND deed.acting_user_id = person.user_id) AS is_calling,
    person.away_until
FROM cases_collector person
JOIN cases_team team ON team.id = person.team_id
LEFT JOIN (SELECT asked.acting_user_id, max(asked.at) AS last_at FROM ledger_book
    JOIN contacts_permit asked ON asked.book_id = ledger_book.id AND asked.at >= %(from_at)s
    GROUP BY asked.acting_user_id) contact ON contact.acting_user_id = person.user_id
WHERE person.is_active
ORDER BY team.name, person.user_id
"""

# When the day's work began: the first deed of any collector.
BEGAN: Final = """
SELECT least(
    (SELECT min(asked.at) FROM contacts_permit asked
        JOIN cases_collector person ON person.user_id = asked.acting_user_id
        WHERE asked.book_id = %(book_id)s AND asked.at >= %(from_at)s
        AND asked.at < %(until_at)s),
    (SELECT min(said.made_at) FROM cases_note said
        JOIN cases_collector person ON person.user_id = said.made_by_id
        JOIN cases_case given ON given.id = said.case_id AND given.book_id = %(book_id)s
        WHERE said.made_at >= %(from_at)s AND said.made_at < %(until_at)s))
"""
