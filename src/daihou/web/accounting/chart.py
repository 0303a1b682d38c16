"""The chart of accounts in the database: the roles of the posting rules, by view."""

from daihou.core.posting import Rules, rules_of
from daihou.web.accounting.models import Account, View


def views() -> tuple[Rules, ...]:
    """Return the posting rules of each view."""
    return tuple(rules_of(view.value) for view in View)


def ids() -> dict[str, int]:
    """Return the account of each role, named "view/role"; what is missing is added."""
    rows = [
        Account(
            view=rules.view,
            role=account.role,
            code=account.code,
            type=account.type.value,
            name_zh=account.name_zh,
            name_en=account.name_en,
            measure=account.measure,
        )
        for rules in views()
        for account in rules.accounts.values()
    ]
    Account.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["view", "role"],
        update_fields=["code", "type", "name_zh", "name_en", "measure"],
    )
    return {
        f"{view}/{role}": pk for view, role, pk in Account.objects.values_list("view", "role", "pk")
    }
