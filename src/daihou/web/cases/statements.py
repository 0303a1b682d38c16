"""The statements by which cases follow the ledger; ``following`` runs them in this order.

``case_turned`` has one row per person whose case is not what the rule wants it to be: what her
loans' published positions come to, and her case, none where one is to open. On a quiet night it is
empty, and nothing is done after it. As written the statements are for some persons; ``whole``
makes them for a whole book. All of its positions are summed up then, for reading them is quicker
than knowing which ones could matter (time passes, loans change hands when parties are merged).
"""

import re
from typing import Final

TURNED: Final = """
CREATE TEMP TABLE case_turned ON COMMIT DROP AS
SELECT id, party_id, state_was, stage_was, overdue_minor, principal_minor, oldest_due_on,
    loan_count, wanted, stage,
    id IS NULL OR principal_was <> principal_minor OR count_was <> loan_count AS has_other_loans,
    CASE WHEN wanted <> 'closed' THEN '' WHEN direction = 'excluded' THEN 'excluded'
        ELSE 'cured' END AS reason
FROM (
    SELECT w.*,
        (%(stages)s::text[])[1 + least((days + %(width)s - 1) / %(width)s, %(last)s)] AS stage,
        CASE WHEN direction = 'excluded' THEN 'closed'
            WHEN direction = 'forced' THEN 'open'
            WHEN overdue_minor <= %(exit_minor)s THEN 'closed'
            WHEN days >= %(forced_days)s THEN 'open'
            WHEN past_grace_minor >= %(entry_minor)s AND days >= %(entry_days)s THEN 'open'
            ELSE 'calm' END AS wanted
    FROM (
        SELECT party_id, c.id, c.state AS state_was, c.stage AS stage_was,
            c.overdue_minor AS overdue_was, c.principal_minor AS principal_was,
            c.loan_count AS count_was, c.oldest_due_on AS oldest_was, d.kind AS direction,
            coalesce(o.overdue_minor, 0) AS overdue_minor,
            coalesce(o.past_grace_minor, 0) AS past_grace_minor,
            coalesce(o.principal_minor, 0) AS principal_minor,
            coalesce(o.loan_count, 0) AS loan_count, o.oldest_due_on,
            greatest(coalesce(%(on)s::date - o.oldest_due_on, 0), 0) AS days
        FROM (
            SELECT l.person_id AS party_id,
                coalesce(sum(p.overdue_minor), 0)::bigint AS overdue_minor,
                coalesce(sum(p.overdue_minor) FILTER (WHERE %(on)s::date - p.oldest_unpaid_due_on
                    > coalesce((t.terms ->> 'grace_days')::int, 0)), 0)::bigint AS past_grace_minor,
                coalesce(sum(p.principal_outstanding_minor), 0)::bigint AS principal_minor,
                min(p.oldest_unpaid_due_on) FILTER (WHERE p.overdue_minor > 0) AS oldest_due_on,
                count(*) FILTER (WHERE p.overdue_minor > 0) AS loan_count
            FROM ledger_position p JOIN loans_loan l ON l.id = p.loan_id
                JOIN loans_contractterms t ON t.id = l.terms_id
            WHERE l.book_id = %(book)s AND l.person_id IS NOT NULL
                AND l.person_id = ANY(%(parties)s)
            GROUP BY l.person_id) o
        FULL JOIN (
            SELECT c.party_id, c.id, c.state, c.stage, c.overdue_minor, c.principal_minor,
                c.loan_count, c.oldest_due_on
            FROM cases_case c WHERE c.book_id = %(book)s AND c.state <> 'closed'
                AND c.party_id = ANY(%(parties)s)) c USING (party_id)
        FULL JOIN (
            SELECT d.party_id, d.kind FROM cases_direction d
            WHERE d.book_id = %(book)s AND d.effective_on <= %(on)s
                AND (d.until_on IS NULL OR d.until_on > %(on)s)
                AND d.party_id = ANY(%(parties)s)) d USING (party_id)) w) s
WHERE CASE WHEN id IS NULL THEN wanted = 'open'
    ELSE state_was <> wanted OR stage_was <> stage OR overdue_was <> overdue_minor
        OR principal_was <> principal_minor OR count_was <> loan_count
        OR oldest_was IS DISTINCT FROM oldest_due_on END
"""

LOCK: Final = """
WITH locked AS (SELECT FROM cases_case c WHERE c.id IN (SELECT id FROM case_turned)
    ORDER BY c.id FOR UPDATE)
SELECT count(*) FROM locked
"""

AT_REST: Final = "SELECT id FROM case_turned WHERE state_was = 'open' AND wanted <> 'open'"

KEEP_UP: Final = """
UPDATE cases_case c SET state = b.wanted,
    stage = CASE WHEN b.wanted = 'closed' THEN c.stage ELSE b.stage END,
    overdue_minor = b.overdue_minor, principal_minor = b.principal_minor,
    loan_count = b.loan_count, oldest_due_on = b.oldest_due_on, figures_on = %(on)s,
    closed_on = CASE WHEN b.wanted = 'closed' THEN %(on)s::date END, close_reason = b.reason,
    owner_id = CASE WHEN b.wanted <> 'closed' THEN c.owner_id END,
    team_id = CASE WHEN b.wanted <> 'closed' THEN c.team_id END,
    locked_by_id = CASE WHEN b.wanted <> 'closed' THEN c.locked_by_id END,
    locked_until = CASE WHEN b.wanted <> 'closed' THEN c.locked_until END
FROM case_turned b WHERE c.id = b.id
"""

END_ASSIGNMENTS: Final = """
UPDATE cases_assignment a SET until_at = greatest(%(at)s, a.from_at), ended_by = 'closed'
FROM case_turned b WHERE b.wanted = 'closed' AND a.case_id = b.id AND a.until_at IS NULL
"""

NOTE_TURNS: Final = """
WITH noted AS (
    INSERT INTO cases_turn (case_id, kind, happened_on, at, stage_from, stage_to, overdue_minor,
        reason)
    SELECT id, CASE WHEN wanted = 'closed' THEN 'closed' WHEN state_was = wanted THEN 'stage'
            WHEN wanted = 'calm' THEN 'calmed' ELSE 'roused' END,
        %(on)s, %(at)s, stage_was, CASE WHEN wanted = 'closed' THEN stage_was ELSE stage END,
        overdue_minor, reason
    FROM case_turned WHERE state_was <> wanted OR stage_was <> stage
    ORDER BY id RETURNING kind)
SELECT kind, count(*) FROM noted GROUP BY kind
"""

# A closed case whose debt was due before it closed was never cured: a payment was taken back.
REOPEN: Final = """
WITH back AS (
    SELECT DISTINCT ON (c.party_id) c.id, o.stage, o.overdue_minor, o.principal_minor,
        o.loan_count, o.oldest_due_on
    FROM case_turned o JOIN cases_case c ON c.book_id = %(book)s AND c.party_id = o.party_id
    WHERE o.id IS NULL AND c.state = 'closed' AND o.oldest_due_on <= c.closed_on
        AND NOT EXISTS (SELECT FROM cases_case n WHERE n.book_id = %(book)s
            AND n.party_id = o.party_id AND (n.state <> 'closed' OR n.id > c.id))
    ORDER BY c.party_id, c.id DESC),
former AS (
    SELECT DISTINCT ON (a.case_id) a.case_id, a.owner_id, a.team_id
    FROM cases_assignment a JOIN back ON back.id = a.case_id
        JOIN cases_collector k ON k.user_id = a.owner_id AND k.is_active
    WHERE a.ended_by = 'closed' ORDER BY a.case_id, a.id DESC),
reopened AS (
    UPDATE cases_case c SET state = 'open', stage = b.stage, overdue_minor = b.overdue_minor,
        principal_minor = b.principal_minor, loan_count = b.loan_count,
        oldest_due_on = b.oldest_due_on, figures_on = %(on)s, closed_on = NULL, close_reason = '',
        reopened_on = %(on)s, priority = greatest(c.priority, %(priority)s),
        next_action_at = %(at)s,
        owner_id = (SELECT owner_id FROM former f WHERE f.case_id = b.id),
        team_id = (SELECT team_id FROM former f WHERE f.case_id = b.id)
    FROM back b WHERE c.id = b.id RETURNING c.id, c.stage, c.overdue_minor, c.owner_id, c.team_id),
owned AS (
    INSERT INTO cases_assignment (case_id, owner_id, team_id, from_at, reason, ended_by, note,
        ended_note, overdue_minor, made_by_id)
    SELECT id, owner_id, team_id, %(at)s, 'reopened', '', '', '', overdue_minor, %(by)s
    FROM reopened WHERE owner_id IS NOT NULL),
noted AS (
    INSERT INTO cases_turn (case_id, kind, happened_on, at, stage_from, stage_to, overdue_minor,
        reason)
    SELECT id, 'reopened', %(on)s, %(at)s, '', stage, overdue_minor, '' FROM reopened
    RETURNING kind)
SELECT kind, count(*) FROM noted GROUP BY kind
"""

OPEN: Final = """
WITH opened AS (
    INSERT INTO cases_case (book_id, party_id, state, stage, opened_on, close_reason,
        overdue_minor, principal_minor, oldest_due_on, loan_count, figures_on, entered_minor,
        entered_principal_minor, skill, language, priority, next_action_at, next_action,
        promised_minor, tags)
    SELECT %(book)s, party_id, 'open', stage, %(on)s, '', overdue_minor, principal_minor,
        oldest_due_on, loan_count, %(on)s, overdue_minor, principal_minor, '', '', %(priority)s,
        %(at)s, '', 0, '{}'
    FROM case_turned o WHERE o.id IS NULL AND NOT EXISTS (SELECT FROM cases_case c
        WHERE c.book_id = %(book)s AND c.party_id = o.party_id AND c.state <> 'closed')
    ORDER BY party_id RETURNING id, stage, overdue_minor),
noted AS (
    INSERT INTO cases_turn (case_id, kind, happened_on, at, stage_from, stage_to, overdue_minor,
        reason)
    SELECT id, 'opened', %(on)s, %(at)s, '', stage, overdue_minor, '' FROM opened RETURNING kind)
SELECT kind, count(*) FROM noted GROUP BY kind
"""

ADD_NEW_LOANS: Final = """
INSERT INTO cases_caseloan (case_id, loan_id, added_on, overdue_minor, principal_minor)
SELECT c.id, l.id, %(on)s, coalesce(p.overdue_minor, 0),
    coalesce(p.principal_outstanding_minor, l.principal_minor)
FROM cases_case c JOIN loans_loan l ON l.person_id = c.party_id AND l.book_id = c.book_id
    LEFT JOIN ledger_position p ON p.loan_id = l.id
WHERE c.book_id = %(book)s AND c.state <> 'closed' AND l.id > %(after_loan)s
    AND c.party_id = ANY(%(parties)s)
ORDER BY c.id, l.id
ON CONFLICT (case_id, loan_id) DO NOTHING
"""

ADD_OLDER_LOANS: Final = """
INSERT INTO cases_caseloan (case_id, loan_id, added_on, overdue_minor, principal_minor)
SELECT c.id, l.id, %(on)s, coalesce(p.overdue_minor, 0),
    coalesce(p.principal_outstanding_minor, l.principal_minor)
FROM case_turned o JOIN cases_case c ON c.party_id = o.party_id
    JOIN loans_loan l ON l.person_id = c.party_id AND l.book_id = c.book_id
    LEFT JOIN ledger_position p ON p.loan_id = l.id
WHERE o.has_other_loans AND c.book_id = %(book)s AND c.state <> 'closed'
    AND l.id <= %(after_loan)s
    AND NOT EXISTS (SELECT FROM cases_caseloan k WHERE k.case_id = c.id AND k.loan_id = l.id)
ORDER BY c.id, l.id
ON CONFLICT (case_id, loan_id) DO NOTHING
"""


def whole(statement: str) -> str:
    """Leave out of a statement that it is for some persons only."""
    return re.sub(r"\s+AND \w+\.\w+ = ANY\(%\(parties\)s\)", "", statement)
