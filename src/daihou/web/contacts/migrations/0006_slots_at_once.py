"""Take a slot in one statement instead of three; what is counted, locked and refused stays."""

from django.db import migrations

TAKE_SLOTS = """
CREATE OR REPLACE FUNCTION contacts_take_slots() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    local_day date := (NEW.at AT TIME ZONE NEW.time_zone)::date;
    cap record;
    is_one boolean := NEW.subject_id = NEW.recipient_subject_id;
    places integer;
BEGIN
    -- The counter rows: changed, so that no snapshot older than another's permit gets past them.
    IF NOT is_one THEN
        PERFORM 1 FROM contacts_subject
            WHERE id IN (NEW.subject_id, NEW.recipient_subject_id) ORDER BY id FOR UPDATE;
    END IF;
    UPDATE contacts_subject SET permits = permits + 1
        WHERE id IN (NEW.subject_id, NEW.recipient_subject_id) AND united_into_id IS NULL;
    GET DIAGNOSTICS places = ROW_COUNT;
    IF places <> (CASE WHEN is_one THEN 1 ELSE 2 END) THEN
        RAISE EXCEPTION 'contact.subject_united' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'contacts_permit_subject';
    END IF;
    IF NOT EXISTS (SELECT FROM contacts_limit WHERE jurisdiction = NEW.jurisdiction) THEN
        RAISE EXCEPTION 'contact.no_limits' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'contacts_permit_limited';
    END IF;
    FOR cap IN
        SELECT newest.*, held.holder
        FROM (SELECT DISTINCT ON (rule_id) * FROM contacts_limit
              WHERE jurisdiction IN (NEW.jurisdiction, '') AND valid_from <= local_day
              ORDER BY rule_id, valid_from DESC) AS newest
        CROSS JOIN LATERAL unnest(contacts_holders(newest.per,
            NEW.recipient_subject_id, NEW.address_key, NEW.debt_keys)) AS held (holder)
        WHERE (newest.valid_through IS NULL OR newest.valid_through >= local_day)
            AND (newest.channels = '{}' OR NEW.channel = ANY (newest.channels))
            AND (newest.purposes = '{}' OR NEW.purpose = ANY (newest.purposes))
            AND (newest.recipients = '{}' OR NEW.recipient = ANY (newest.recipients))
            AND NOT EXISTS (SELECT FROM contacts_agreement AS agreed
                LEFT JOIN contacts_agreementend AS ended ON ended.agreement_id = agreed.id
                WHERE agreed.kind = newest.unless_agreed
                    AND agreed.subject_id = NEW.recipient_subject_id
                    AND (agreed.channels = '{}' OR NEW.channel = ANY (agreed.channels))
                    AND agreed.started_at <= NEW.at
                    AND (agreed.ends_at IS NULL OR agreed.ends_at > NEW.at)
                    AND (ended.at IS NULL OR ended.at > NEW.at))
        ORDER BY held.holder, newest.rule_id
    LOOP
        IF cap.per IN ('address', 'debt') THEN  -- A number or a debt may be shared by two persons.
            PERFORM pg_advisory_xact_lock(hashtextextended(cap.holder, 0));
        END IF;
        -- Held are all of the window; the number must be free among those of this day.
        WITH held AS (
            SELECT day, number, united_from, inbound_id FROM contacts_slot
            WHERE holder = cap.holder AND rule_id = cap.rule_id AND released_at IS NULL
                AND day BETWEEN local_day - (cap.days - 1) AND local_day + (cap.days - 1))
        INSERT INTO contacts_slot (permit_id, limit_id, rule_id, holder, day, number, most)
        SELECT NEW.id, cap.id, cap.rule_id, cap.holder, local_day, min(free), cap.most
        FROM generate_series(1, cap.most) AS free
        WHERE NOT EXISTS (SELECT FROM held WHERE number = free AND day = local_day
            AND united_from = 0 AND inbound_id IS NULL)
        HAVING min(free) IS NOT NULL AND (SELECT count(*) FROM held) < cap.most;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'contact.cap_reached' USING ERRCODE = 'check_violation',
                CONSTRAINT = 'contacts_cap_' || cap.rule_id;
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("contacts", "0005_cutover_slots_and_bad_times")]

    operations = [migrations.RunSQL(sql=TAKE_SLOTS, reverse_sql=migrations.RunSQL.noop)]
