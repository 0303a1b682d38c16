"""A process that runs an end of day and may kill itself at a named step; nothing of it is mocked.

Steps are the places between which state is kept: before and after a shard's files are written,
before and after each publishing transaction, before and after the manifest, and inside both kinds
of transaction.
"""

import os
import signal
from importlib import import_module

# A fork server imports these once; every child starts from there.
PRELOADED = (
    "polars",
    "numba",
    "pyarrow",
    "psycopg",
    "django.db.models",
    "daihou.engine.end_of_day",
    "daihou.engine.book",
    "daihou.tapes.contracts",
)
STEPS = (
    ("daihou.engine.book", "Book", "write_shard"),
    ("daihou.engine.book", None, "_write_parquet"),
    ("daihou.engine.book", "Book", "publish"),
    ("daihou.engine.book", None, "write_atomically"),
    ("daihou.web.ledger.shard_work", None, "_stage"),
    ("daihou.web.ledger.end_of_day", None, "_begin"),
    ("daihou.web.ledger.end_of_day", None, "_ask_gates"),
    ("daihou.web.ledger.end_of_day", None, "publish_shard"),
    ("daihou.web.ledger.end_of_day", None, "settle_persons"),
    ("daihou.web.ledger.end_of_day", None, "_finish"),
    ("daihou.web.ledger.publishing", None, "_put_positions"),
    ("daihou.web.ledger.publishing", None, "_put_events"),
)


def run(environment, through, step=None, when="before", count=1):
    """Run the only book's end of day; ``step`` is a place in STEPS, to die there."""
    os.environ.update(environment)
    os.environ["DJANGO_SETTINGS_MODULE"] = "daihou.web.settings"
    import django

    django.setup()
    from daihou.web.access.queries import system_user
    from daihou.web.ledger.end_of_day import run_end_of_day
    from daihou.web.ledger.models import Book

    if step is not None:
        _die_at(*STEPS[step], when=when, count=count)
    run_end_of_day(book=Book.objects.get(), through=through, acting_user=system_user(), processes=1)


def _die_at(module_name, class_name, name, *, when, count):
    module = import_module(module_name)
    owner = getattr(module, class_name) if class_name else module
    real = getattr(owner, name)
    calls = [0]

    def dying(*positional, **named):
        calls[0] += 1
        is_last = calls[0] == count
        if is_last and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        given = real(*positional, **named)
        if is_last:
            os.kill(os.getpid(), signal.SIGKILL)
        return given

    setattr(owner, name, dying)
