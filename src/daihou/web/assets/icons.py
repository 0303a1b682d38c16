"""Icons of ``@tabler/icons`` as inline SVG, each read once."""

import re
from functools import cache

from daihou.web.assets.places import node_modules

NAME = re.compile(r"[a-z0-9-]+")


@cache
def icon_svg(name: str) -> str:
    """Return an outline icon as markup; empty where the packages are absent (``daihou.W001``).

    :raises LookupError: when the packages are there but no icon has this name.
    """
    if not NAME.fullmatch(name):
        raise LookupError(name)
    folder = node_modules() / "@tabler" / "icons" / "icons" / "outline"
    if not folder.is_dir():
        return ""
    file = folder / f"{name}.svg"
    if not file.is_file():
        raise LookupError(name)
    text = re.sub(r"<!--.*?-->", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = re.sub(r"\s+", " ", text).strip()
    return re.sub(r'class="[^"]*"', 'class="icon" aria-hidden="true"', text, count=1)
