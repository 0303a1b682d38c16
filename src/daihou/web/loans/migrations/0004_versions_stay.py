"""What the database holds of versions: an approved one stays, no two of our own hold on one day."""

from django.db import migrations

from daihou.web.approvals.authority import Band, seed

VERSIONS_STAY = """
CREATE TRIGGER decided BEFORE UPDATE ON loans_productversion
    FOR EACH ROW
    WHEN (OLD.origin = 'own' AND OLD.state <> 'draft' AND (
             OLD.product_id IS DISTINCT FROM NEW.product_id
          OR OLD.version_no IS DISTINCT FROM NEW.version_no
          OR OLD.terms_id IS DISTINCT FROM NEW.terms_id
          OR OLD.origin IS DISTINCT FROM NEW.origin
          OR OLD.effective_on IS DISTINCT FROM NEW.effective_on
          OR (OLD.effective_until IS NOT NULL
              AND OLD.effective_until IS DISTINCT FROM NEW.effective_until)
          OR OLD.costs IS DISTINCT FROM NEW.costs
          OR OLD.ranges IS DISTINCT FROM NEW.ranges
          OR OLD.lender_type IS DISTINCT FROM NEW.lender_type
          OR (OLD.state = 'approved' AND NEW.state NOT IN ('approved', 'retired'))
          OR (OLD.state = 'retired' AND NEW.state <> 'retired')))
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept_row BEFORE DELETE ON loans_productversion
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
ALTER TABLE loans_productversion ADD CONSTRAINT product_versions_apart
    EXCLUDE USING gist (
        int8range(product_id, product_id, '[]') WITH &&,
        daterange(effective_on, effective_until, '[]') WITH &&
    ) WHERE (origin = 'own' AND state = 'approved');
"""
VERSIONS_STAY_REVERSE = """
ALTER TABLE loans_productversion DROP CONSTRAINT product_versions_apart;
DROP TRIGGER kept_row ON loans_productversion;
DROP TRIGGER decided ON loans_productversion;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("loans", "0003_product_versions"),
        ("audit", "0002_append_only"),
        ("approvals", "0002_guards_and_seed"),
    ]

    operations = [
        migrations.RunSQL(VERSIONS_STAY, VERSIONS_STAY_REVERSE),
        seed(bands={"product.approve": (Band(checkers=1, roles=("compliance", "manager")),)}),
    ]
