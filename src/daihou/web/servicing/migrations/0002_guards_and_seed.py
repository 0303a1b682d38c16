"""Quotes only grow; an offer's terms stay; who decides on each action, until somebody changes it.

The bands are in minor units of any currency: 100.00, 5,000.00 and 100,000.00 where it has two
digits. A book in another currency gets rows of its own through a change of the matrix.
"""

from django.db import migrations

from daihou.web.approvals.authority import Band, seed
from daihou.web.postgres.append_only import append_only

OFFERS_STAY = """
CREATE TRIGGER kept_row BEFORE DELETE ON servicing_settlementoffer
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept_table BEFORE TRUNCATE ON servicing_settlementoffer
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER agreed BEFORE UPDATE ON servicing_settlementoffer
    FOR EACH ROW
    WHEN (OLD.state <> 'open'
          OR (to_jsonb(OLD) - 'state' - 'settled_on' - 'received_minor')
             IS DISTINCT FROM (to_jsonb(NEW) - 'state' - 'settled_on' - 'received_minor'))
    EXECUTE FUNCTION refuse_change();
"""
OFFERS_STAY_REVERSE = """
DROP TRIGGER kept_row ON servicing_settlementoffer;
DROP TRIGGER kept_table ON servicing_settlementoffer;
DROP TRIGGER agreed ON servicing_settlementoffer;
"""
SMALL, MIDDLING, LARGE = 10_000, 500_000, 10_000_000
MANAGER = ("manager",)
MANAGER_OR_FINANCE = ("manager", "finance")
FINANCE_AND_MANAGER = ("finance", "manager")
FINANCE_AND_COMPLIANCE = ("finance", "compliance")


def one(*roles: str) -> tuple[Band, ...]:
    return (Band(checkers=1, roles=roles),)


def both(*roles: str) -> tuple[Band, ...]:
    return (Band(checkers=2, roles=roles, is_each_role=True),)


RELIEF = (
    Band(checkers=0),
    Band(from_minor=SMALL, checkers=1, roles=MANAGER),
    Band(from_minor=MIDDLING, checkers=2, roles=FINANCE_AND_MANAGER, is_each_role=True),
)
SETTLEMENT = (
    Band(checkers=1, roles=MANAGER),
    Band(from_minor=MIDDLING, checkers=2, roles=FINANCE_AND_MANAGER, is_each_role=True),
)
RESTRUCTURE = (
    Band(checkers=1, roles=MANAGER),
    Band(from_minor=LARGE, checkers=2, roles=("manager", "compliance"), is_each_role=True),
)
NOBODY_MORE = (Band(checkers=0),)
AUTHORITY = {
    "servicing.extend": RESTRUCTURE,
    "servicing.defer": RESTRUCTURE,
    "servicing.re_age": RESTRUCTURE,
    "servicing.re_amortize": RESTRUCTURE,
    "servicing.move_due_dates": NOBODY_MORE,
    "servicing.change_rate": RESTRUCTURE,
    "servicing.change_term": RESTRUCTURE,
    "servicing.plan_overdue": RESTRUCTURE,
    "servicing.card_instalments": RESTRUCTURE,
    "servicing.accelerate": one("manager", "compliance"),
    "servicing.pause_interest": one(*MANAGER),
    "servicing.prepay": one("finance"),
    "servicing.pay_off": one("finance"),
    "servicing.settle": SETTLEMENT,
    "servicing.waive": RELIEF,
    "servicing.add_charge": one("compliance"),
    "servicing.stop_penalty": NOBODY_MORE,
    "servicing.start_penalty": one(*MANAGER),
    "servicing.refund": one(*MANAGER_OR_FINANCE),
    "servicing.charge_back": one("finance"),
    "servicing.reverse_payment": one("finance"),
    "servicing.charge_off": both(*FINANCE_AND_MANAGER),
    "servicing.recover": one("finance"),
    "servicing.transfer": both(*FINANCE_AND_COMPLIANCE),
    "servicing.buy_back": both(*FINANCE_AND_COMPLIANCE),
    "servicing.compensate": one("finance"),
    "servicing.recover_claim": one("finance"),
    "servicing.undo": one(*MANAGER_OR_FINANCE, "compliance"),
}


class Migration(migrations.Migration):
    dependencies = [
        ("servicing", "0001_initial"),
        ("approvals", "0002_guards_and_seed"),
    ]

    operations = [
        append_only(table="servicing_quote"),
        migrations.RunSQL(OFFERS_STAY, OFFERS_STAY_REVERSE),
        seed(bands=AUTHORITY),
    ]
