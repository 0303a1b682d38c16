"""The Django side: domain apps, the faces, and the database they stand on."""

import os
from pathlib import Path


def setup() -> None:
    """Make Django ready: secrets made where missing, the embedded server's place known."""
    from daihou.web import home  # noqa: PLC0415  Importing the package costs nothing.

    home.create()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "daihou.web.settings")
    import django  # noqa: PLC0415  As above.

    django.setup()
    from django.conf import settings  # noqa: PLC0415  As above.

    home.make_private_folder(Path(settings.STATIC_ROOT))
