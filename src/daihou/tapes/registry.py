"""The formats there are: ours, and those of installed packages (group ``daihou.formats``)."""

from collections.abc import Mapping
from importlib.metadata import entry_points

from daihou.tapes.abs_ee import AbsEe
from daihou.tapes.kiva import Kiva
from daihou.tapes.lendingclub import LendingClub
from daihou.tapes.native import Native
from daihou.tapes.positions import Positions
from daihou.tapes.protocol import Format, TapeRefused
from daihou.tapes.superlender import Superlender

GROUP = "daihou.formats"


def formats() -> Mapping[str, Format]:
    """List the formats by name; an installed one never hides one of ours.

    >>> sorted(formats())[:3]
    ['abs-ee', 'kiva', 'lendingclub']
    """
    own: list[Format] = [Native(), Positions(), Kiva(), AbsEe(), Superlender(), LendingClub()]
    found: dict[str, Format] = {chosen.name: chosen for chosen in own}
    for point in entry_points(group=GROUP):
        if point.name not in found:
            found[point.name] = point.load()()
    return found


def format_named(name: str) -> Format:
    """Find a format.

    :raises TapeRefused: ``format.unknown``.
    """
    known = formats()
    if name not in known:
        raise TapeRefused("format.unknown", name=name, known=", ".join(sorted(known)))
    return known[name]
