"""Hold receipts to their book, channel and loan statement by statement: files bring many at once."""

from django.db import migrations, models
from django.db.models.deletion import PROTECT

RECEIPTS_BELONG = """
CREATE FUNCTION payments_receipt_belongs() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    stray bigint;
BEGIN
    SELECT told.id INTO stray
    FROM told
    LEFT JOIN payments_channel AS channel
        ON channel.id = told.channel_id AND channel.book_id = told.book_id
    LEFT JOIN loans_loan AS loan ON loan.id = told.loan_id AND loan.book_id = told.book_id
    WHERE channel.id IS NULL OR (told.loan_id IS NOT NULL AND loan.id IS NULL)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'payments_receipt: % has no channel or no loan in its book', stray
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER belongs AFTER INSERT ON payments_receipt
    REFERENCING NEW TABLE AS told
    FOR EACH STATEMENT EXECUTE FUNCTION payments_receipt_belongs();
CREATE TRIGGER belongs_still AFTER UPDATE ON payments_receipt
    REFERENCING NEW TABLE AS told
    FOR EACH STATEMENT EXECUTE FUNCTION payments_receipt_belongs();
CREATE TRIGGER kept_row BEFORE DELETE ON payments_channel
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept_table BEFORE TRUNCATE ON payments_channel
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept BEFORE UPDATE ON payments_channel
    FOR EACH ROW
    WHEN ((OLD.id, OLD.book_id, OLD.code, OLD.adapter)
          IS DISTINCT FROM (NEW.id, NEW.book_id, NEW.code, NEW.adapter))
    EXECUTE FUNCTION refuse_change();
"""
RECEIPTS_BELONG_REVERSE = """
DROP TRIGGER belongs ON payments_receipt;
DROP TRIGGER belongs_still ON payments_receipt;
DROP FUNCTION payments_receipt_belongs();
DROP TRIGGER kept_row ON payments_channel;
DROP TRIGGER kept_table ON payments_channel;
DROP TRIGGER kept ON payments_channel;
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0002_guards_and_seed")]

    operations = [
        migrations.AlterField(
            "receipt",
            "book",
            models.ForeignKey(
                to="ledger.book",
                on_delete=PROTECT,
                related_name="receipts",
                db_index=False,
                db_constraint=False,
            ),
        ),
        migrations.AlterField(
            "receipt",
            "channel",
            models.ForeignKey(
                to="payments.channel",
                on_delete=PROTECT,
                related_name="receipts",
                db_index=False,
                db_constraint=False,
            ),
        ),
        migrations.AlterField(
            "receipt",
            "loan",
            models.ForeignKey(
                to="loans.loan",
                null=True,
                on_delete=PROTECT,
                related_name="receipts",
                db_constraint=False,
            ),
        ),
        migrations.RunSQL(RECEIPTS_BELONG, RECEIPTS_BELONG_REVERSE),
    ]
