"""What holds even if the code is wrong: slots under the counter row, one outcome, rows that stay."""

from django.db import migrations

from daihou.web.audit.queueing import sealed
from daihou.web.postgres.append_only import append_only

TAKE_SLOTS = """
CREATE FUNCTION contacts_holders(
    per text, person_id bigint, address_key text, debt_keys text[]
) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE per
        WHEN 'person' THEN ARRAY['person:' || person_id]
        WHEN 'address' THEN ARRAY['address:' || address_key]
        WHEN 'debt' THEN ARRAY(SELECT DISTINCT 'debt:' || key FROM unnest(debt_keys) AS key)
        ELSE ARRAY(SELECT DISTINCT 'person:' || person_id || ':' || key
                   FROM unnest(debt_keys) AS key)
    END
$$;

CREATE FUNCTION contacts_take_slots() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    local_day date := (NEW.at AT TIME ZONE NEW.time_zone)::date;
    cap record;
    taken integer;
    free integer;
    places integer;
BEGIN
    -- The counter rows: changed, so that no snapshot older than another's permit gets past them.
    PERFORM 1 FROM contacts_subject
        WHERE id IN (NEW.subject_id, NEW.recipient_subject_id) ORDER BY id FOR UPDATE;
    UPDATE contacts_subject SET permits = permits + 1
        WHERE id IN (NEW.subject_id, NEW.recipient_subject_id) AND united_into_id IS NULL;
    GET DIAGNOSTICS places = ROW_COUNT;
    IF places <> (CASE WHEN NEW.subject_id = NEW.recipient_subject_id THEN 1 ELSE 2 END) THEN
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
        SELECT count(*) INTO taken FROM contacts_slot
            WHERE holder = cap.holder AND rule_id = cap.rule_id AND released_at IS NULL
                AND day BETWEEN local_day - (cap.days - 1) AND local_day + (cap.days - 1);
        SELECT min(number) INTO free FROM generate_series(1, cap.most) AS number
            WHERE NOT EXISTS (SELECT FROM contacts_slot held
                WHERE held.holder = cap.holder AND held.rule_id = cap.rule_id
                    AND held.day = local_day AND held.number = number.number
                    AND held.united_from = 0 AND held.inbound_id IS NULL
                    AND held.released_at IS NULL);
        IF taken >= cap.most OR free IS NULL THEN
            RAISE EXCEPTION 'contact.cap_reached' USING ERRCODE = 'check_violation',
                CONSTRAINT = 'contacts_cap_' || cap.rule_id;
        END IF;
        INSERT INTO contacts_slot (permit_id, limit_id, rule_id, holder, day, number, most)
            VALUES (NEW.id, cap.id, cap.rule_id, cap.holder, local_day, free, cap.most);
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER take_slots AFTER INSERT ON contacts_permit
    FOR EACH ROW EXECUTE FUNCTION contacts_take_slots();

CREATE FUNCTION contacts_count_inbound() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    local_day date := (NEW.at AT TIME ZONE NEW.time_zone)::date;
BEGIN
    PERFORM 1 FROM contacts_subject WHERE id = NEW.subject_id FOR UPDATE;
    UPDATE contacts_subject SET permits = permits WHERE id = NEW.subject_id;
    INSERT INTO contacts_slot (inbound_id, limit_id, rule_id, holder, day, number, most)
    SELECT NEW.id, newest.id, newest.rule_id, held.holder, local_day, 1, newest.most
    FROM (SELECT DISTINCT ON (rule_id) * FROM contacts_limit
          WHERE jurisdiction IN (NEW.jurisdiction, '') AND valid_from <= local_day
          ORDER BY rule_id, valid_from DESC) AS newest
    CROSS JOIN LATERAL unnest(contacts_holders(newest.per, NEW.subject_id,
        NEW.address_key, NEW.debt_keys)) AS held (holder)
    WHERE newest.with_inbound AND NEW.outcome = ANY (newest.kept_by)
        AND (newest.valid_through IS NULL OR newest.valid_through >= local_day)
        AND (newest.channels = '{}' OR NEW.channel = ANY (newest.channels));
    RETURN NULL;
END $$;
CREATE TRIGGER count_inbound AFTER INSERT ON contacts_inbound
    FOR EACH ROW EXECUTE FUNCTION contacts_count_inbound();
"""
TAKE_SLOTS_BACK = """
DROP TRIGGER count_inbound ON contacts_inbound;
DROP TRIGGER take_slots ON contacts_permit;
DROP FUNCTION contacts_count_inbound();
DROP FUNCTION contacts_take_slots();
DROP FUNCTION contacts_holders(text, bigint, text, text[]);
"""

RELEASE_SLOTS = """
CREATE FUNCTION contacts_release_slots() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT NEW.is_first AND NOT EXISTS (SELECT FROM contacts_outcome
            WHERE permit_id = NEW.permit_id AND is_first AND outcome = 'unknown') THEN
        RAISE EXCEPTION 'contact.outcome_known' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'contacts_outcome_refines';
    END IF;
    UPDATE contacts_slot AS slot SET released_at = now()
    FROM contacts_limit AS cap
    WHERE slot.permit_id = NEW.permit_id AND cap.id = slot.limit_id
        AND slot.released_at IS NULL
        AND NEW.outcome <> 'unknown' AND NEW.outcome <> ALL (cap.kept_by);
    RETURN NULL;
END $$;
CREATE TRIGGER release_slots AFTER INSERT ON contacts_outcome
    FOR EACH ROW EXECUTE FUNCTION contacts_release_slots();

CREATE FUNCTION contacts_guard_slot() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.released_at IS NOT NULL AND NEW.released_at IS NULL THEN
        NULL;
    ELSIF TG_OP = 'UPDATE' AND NEW.released_at IS NOT NULL AND NOT EXISTS (
            SELECT FROM contacts_outcome WHERE permit_id = NEW.permit_id
                AND outcome <> 'unknown') THEN
        NULL;
    ELSIF TG_OP = 'UPDATE' AND ROW (OLD.permit_id, OLD.inbound_id, OLD.limit_id, OLD.rule_id,
            OLD.day, OLD.number, OLD.most) IS NOT DISTINCT FROM ROW (NEW.permit_id,
            NEW.inbound_id, NEW.limit_id, NEW.rule_id, NEW.day, NEW.number, NEW.most) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'contacts_slot: % is refused', TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER guard_slot BEFORE UPDATE OR DELETE ON contacts_slot
    FOR EACH ROW EXECUTE FUNCTION contacts_guard_slot();
"""
RELEASE_SLOTS_BACK = """
DROP TRIGGER guard_slot ON contacts_slot;
DROP TRIGGER release_slots ON contacts_outcome;
DROP FUNCTION contacts_guard_slot();
DROP FUNCTION contacts_release_slots();
"""

OUTBOX = """
CREATE FUNCTION contacts_guard_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (OLD.state NOT IN ('waiting', 'sending') AND NEW.state = 'waiting')
            OR (OLD.state = 'done' AND NEW.state <> 'done')
            OR (OLD.state = 'sent' AND NEW.state = 'sending')
            OR OLD.permit_id <> NEW.permit_id THEN
        RAISE EXCEPTION 'contacts_outbox: % is refused', TG_OP
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_outbox BEFORE UPDATE OR DELETE ON contacts_outbox
    FOR EACH ROW EXECUTE FUNCTION contacts_guard_outbox();
"""
OUTBOX_BACK = """
DROP TRIGGER guard_outbox ON contacts_outbox;
DROP FUNCTION contacts_guard_outbox();
"""

MEMBERS = """
CREATE FUNCTION contacts_doubt_merged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE contacts_subjectmember SET is_current = false
        WHERE party_id IN (NEW.id, NEW.merged_into_id, OLD.merged_into_id);
    RETURN NULL;
END $$;
CREATE TRIGGER doubt_subject AFTER UPDATE OF merged_into_id ON parties_party
    FOR EACH ROW WHEN (OLD.merged_into_id IS DISTINCT FROM NEW.merged_into_id)
    EXECUTE FUNCTION contacts_doubt_merged();

CREATE FUNCTION contacts_doubt_numbered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM contacts_subjectmember) THEN
        UPDATE contacts_subjectmember AS member SET is_current = false
        FROM written JOIN parties_personaldatum AS same
            ON same.field = 'id_number' AND same.blind_index = written.blind_index
        WHERE written.field = 'id_number' AND member.party_id = same.party_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER doubt_subject_new AFTER INSERT ON parties_personaldatum
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT
    EXECUTE FUNCTION contacts_doubt_numbered();
CREATE TRIGGER doubt_subject_changed AFTER UPDATE ON parties_personaldatum
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT
    EXECUTE FUNCTION contacts_doubt_numbered();
"""
MEMBERS_BACK = """
DROP TRIGGER doubt_subject_changed ON parties_personaldatum;
DROP TRIGGER doubt_subject_new ON parties_personaldatum;
DROP TRIGGER doubt_subject ON parties_party;
DROP FUNCTION contacts_doubt_numbered();
DROP FUNCTION contacts_doubt_merged();
"""

KEPT = ("ruleset", "permit", "refusal", "outcome", "inbound", "stoporder", "agreement", "limit")


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0001_initial"),
        ("audit", "0004_guards_of_the_log"),
    ]

    operations = [
        migrations.RunSQL(sql=TAKE_SLOTS, reverse_sql=TAKE_SLOTS_BACK),
        migrations.RunSQL(sql=RELEASE_SLOTS, reverse_sql=RELEASE_SLOTS_BACK),
        migrations.RunSQL(sql=OUTBOX, reverse_sql=OUTBOX_BACK),
        migrations.RunSQL(sql=MEMBERS, reverse_sql=MEMBERS_BACK),
        *(append_only(table=f"contacts_{name}") for name in (*KEPT, "stoplift", "agreementend")),
        *(sealed(table=f"contacts_{name}", source=name) for name in KEPT),
        sealed(table="contacts_stoplift", source="stoplift", column="order_id"),
        sealed(table="contacts_agreementend", source="agreementend", column="agreement_id"),
    ]
