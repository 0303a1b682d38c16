"""Goal: a scratch database is really one's own, in this process and in those it starts."""

import subprocess
import sys

from daihou.web.parties.models import Party

COUNT = [
    sys.executable,
    "-m",
    "daihou",
    "db",
    "psql",
    "--json",
    "-c",
    "SELECT count(*) FROM parties_party",
]


def test_what_is_committed_here_is_seen_by_other_processes(scratch_database):
    Party.objects.create(kind="person", reference="a")
    shown = subprocess.run(
        COUNT, check=False, env=scratch_database.environment, capture_output=True, text=True
    )
    assert (shown.stdout, shown.returncode) == ('{"columns": ["count"], "rows": [[1]]}\n', 0)


def test_and_nothing_of_it_is_left(db):
    assert not Party.objects.exists()
