"""Goal: formats are found by name, a user's own too. Method: a stand-in entry point."""

from types import SimpleNamespace

import pytest

from daihou.tapes import registry
from daihou.tapes.native import Native
from daihou.tapes.protocol import TapeRefused


class Own:
    name = "own"
    title = "a user's own"
    time_zone = "UTC"

    def read(self, paths, *, currency=None):
        return Native().read(paths, currency=currency)


def test_our_formats_have_the_name_they_are_found_by():
    found = registry.formats()

    assert {name: chosen.name for name, chosen in found.items()} == {name: name for name in found}
    assert {"native", "positions", "kiva", "abs-ee", "superlender", "lendingclub"} <= set(found)


def test_an_installed_format_is_found_and_never_hides_ours(monkeypatch):
    points = [SimpleNamespace(name=name, load=lambda: Own) for name in ("own", "native")]
    monkeypatch.setattr(registry, "entry_points", lambda group: points)

    assert isinstance(registry.format_named("own"), Own)
    assert isinstance(registry.format_named("native"), Native)


def test_an_unknown_format_says_which_there_are():
    with pytest.raises(TapeRefused) as refused:
        registry.format_named("nativ")

    assert refused.value.code == "format.unknown"
    assert "native" in str(refused.value.params["known"])
