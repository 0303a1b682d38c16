"""Goal: what runs beside the pages ends with them, cleanly. Method: real processes and signals."""

import os
import signal
import subprocess
import sys
import time

import pytest

HELPER = """
import signal, sys, time
def end(*_):
    open(sys.argv[1] + ".ended", "w").close()
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
open(sys.argv[1] + ".begun", "w").close()
time.sleep(60)
"""
PARENT = """
import sys
from daihou.cli import beside
folder, pages = sys.argv[1], sys.argv[2]
helper = [sys.executable, "-c", sys.argv[3]]
raise SystemExit(beside.run(
    pages=[*helper, folder + "/pages"] if pages == "wait" else [sys.executable, "-c", pages],
    helpers=[[*helper, folder + "/worker"], [*helper, folder + "/sandbox"]],
))
"""


def begin(folder, pages):
    words = [sys.executable, "-c", PARENT, str(folder), pages, HELPER]
    return subprocess.Popen(words, start_new_session=True)


def there(*files):
    until = time.monotonic() + 60
    while not all(file.exists() for file in files):
        assert time.monotonic() < until, files
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_told_to_stop_all_end_in_their_own_way(tmp_path, number):
    parent = begin(tmp_path, "wait")
    names = ("pages", "worker", "sandbox")
    there(*(tmp_path / f"{name}.begun" for name in names))
    os.kill(parent.pid, number)
    assert parent.wait(timeout=60) == 0
    assert all((tmp_path / f"{name}.ended").exists() for name in names)


def test_where_the_pages_end_the_others_do_and_the_code_is_told(tmp_path):
    wait = f"import os, time\nwhile not os.path.exists({str(tmp_path / 'sandbox.begun')!r}):"
    wait += f"\n    time.sleep(.05)\nwhile not os.path.exists({str(tmp_path / 'worker.begun')!r}):"
    parent = begin(tmp_path, f"{wait}\n    time.sleep(.05)\nraise SystemExit(3)")
    assert parent.wait(timeout=60) == 3
    assert all((tmp_path / f"{name}.ended").exists() for name in ("worker", "sandbox"))
