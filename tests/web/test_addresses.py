"""Goal: no page stands in the place of another: every address leads to one view."""

import re
from collections import Counter

from django.urls import URLResolver, get_resolver


def addresses(resolver, above=""):
    for each in resolver.url_patterns:
        place = above + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from addresses(each, place)
        else:
            yield re.sub(r"<(\w+):\w+>", r"<\1>", place)


def test_every_address_is_given_once():
    found = addresses(get_resolver())
    counts = Counter(each for each in found if not each.startswith("api/"))  # Named by operation.
    assert len(counts) > 150
    assert [address for address, count in counts.items() if count > 1] == []
