"""Goal: safe where nothing is said. Method: the settings as a fresh process reads them."""

import json
import os
import stat
import subprocess
import sys

import pytest

from daihou.tapes.findings import write_errors
from tests.web.ledger_books import loan, tape

NAMES = [
    "DEBUG",
    "ALLOWED_HOSTS",
    "SESSION_COOKIE_SECURE",
    "CSRF_COOKIE_SECURE",
    "SESSION_COOKIE_HTTPONLY",
    "SESSION_COOKIE_SAMESITE",
    "SECURE_SSL_REDIRECT",
    "SECURE_HSTS_SECONDS",
    "X_FRAME_OPTIONS",
]
SCRIPT = f"""
import json
from daihou.web import settings
print(json.dumps({{name: getattr(settings, name) for name in {NAMES}}}))
"""
STRICT = {"SESSION_COOKIE_HTTPONLY": True, "SESSION_COOKIE_SAMESITE": "Strict", "DEBUG": False}


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        (
            None,
            {
                "ALLOWED_HOSTS": ["localhost", "127.0.0.1", "[::1]"],
                "SESSION_COOKIE_SECURE": False,
                "SECURE_SSL_REDIRECT": False,
            },
        ),
        (
            "loans.example",
            {
                "ALLOWED_HOSTS": ["loans.example"],
                "SESSION_COOKIE_SECURE": True,
                "CSRF_COOKIE_SECURE": True,
                "SECURE_SSL_REDIRECT": True,
                "SECURE_HSTS_SECONDS": 365 * 24 * 60 * 60,
            },
        ),
    ],
)
def test_settings_are_strict_by_default(tmp_path, hosts, expected):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DAIHOU_")}
    given = kept | {"DAIHOU_HOME": str(tmp_path)} | ({"DAIHOU_HOSTS": hosts} if hosts else {})
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=given, check=True, capture_output=True, text=True
    )
    found = json.loads(done.stdout)
    assert {name: found[name] for name in STRICT | expected} == STRICT | expected
    assert found["X_FRAME_OPTIONS"] == "DENY"
    assert list(tmp_path.iterdir()) == []  # To read the settings makes no secrets.


def test_an_errors_file_is_for_its_owner_alone(tmp_path):
    target = tmp_path / "errors.csv"
    write_errors(tape(loans=[loan("A")]), target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
