"""How often a user may have personal data shown to her in plain on one day."""

from datetime import date

from django.conf import settings
from django.db import connection

from daihou.errors import DaihouError
from daihou.web.access.models import User

_COUNT = """
INSERT INTO access_looks (user_id, "on", count) VALUES (%(user)s, %(on)s, 1)
ON CONFLICT (user_id, "on") DO UPDATE SET count = access_looks.count + 1
WHERE access_looks.count < %(most)s
RETURNING count
"""


def count_one(*, user: User, on: date) -> int:
    """Count one look of a user, in the transaction that shows the data; return which it is.

    :raises DaihouError: ``personal_data.looks_used_up``.
    """
    most = settings.REVEALS_A_DAY
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"user": user.pk, "on": on, "most": most})
        row = cursor.fetchone()
    if row is None or row[0] > most:
        raise DaihouError("personal_data.looks_used_up", most=most)
    return int(row[0])
