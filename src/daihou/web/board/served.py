"""The application that ``daihou serve`` runs: the site, with its boards computed at the start."""

import logging
import threading

from daihou.web.wsgi import application

__all__ = ["application"]

logger = logging.getLogger("daihou.board")


def warm() -> None:
    """Compute boards and lists of loans once, so that the first visitor does not wait for them."""
    from django.db import connection  # noqa: PLC0415  Only once the site is ready.

    from daihou.web.board import source  # noqa: PLC0415

    try:
        for found in source.draw_ahead():
            found.positions(found.business_date)
            found.attributes()
    except Exception:  # The page itself will say what is wrong.
        logger.exception("the boards could not be drawn ahead")
    finally:
        connection.close()


threading.Thread(target=warm, daemon=True).start()
