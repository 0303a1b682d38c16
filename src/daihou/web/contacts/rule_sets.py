"""Rules as permits were decided by, each kept once, by content."""

from typing import Final

from daihou.collect import codec
from daihou.collect.packs import RuleSet
from daihou.web.contacts.models import RuleSet as RuleSetRow

_DIGESTS: Final[dict[int, tuple[RuleSet, str]]] = {}


def digest_of(rules: RuleSet | None) -> str:
    """Digest rules once for as long as they live: they are long and seldom new."""
    if rules is None:
        return ""
    known = _DIGESTS.get(id(rules))
    if known is None or known[0] is not rules:
        known = _DIGESTS[id(rules)] = (rules, codec.digest(rules))
    return known[1]


def met() -> list[str]:
    """Return the digests this process has met, for asking which of them are kept."""
    return [digest for _, digest in _DIGESTS.values()]


def keep(rules: RuleSet) -> None:
    """Write rules that are not kept yet; another may do so at the same time."""
    RuleSetRow.objects.bulk_create(
        [RuleSetRow(digest=digest_of(rules), rules=codec.to_text(rules))], ignore_conflicts=True
    )
