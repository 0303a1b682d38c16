"""Goal: the guide tells the truth. Method: send each of its requests, compare each answer."""

import json
import re
from pathlib import Path

from daihou.web.access import operations as access
from daihou.web.access.queries import system_user
from tests.web.api_client import program
from tests.web.board_site import *  # noqa: F403

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "api.md"
STEP = re.compile(r"```http\n(.*?)\n```\s+```json (\d+)\n(.*?)\n```", re.DOTALL)
NAME = re.compile(r"<(\w+)>")


def compare(wanted, found, kept, place="answer"):
    """Compare an answer; ``"…"`` stands for anything, ``"<name>"`` keeps what is there."""
    if wanted == "…":
        return
    if isinstance(wanted, str) and (name := NAME.fullmatch(wanted)):
        kept[name[1]] = str(found)
    elif isinstance(wanted, dict) and isinstance(found, dict):
        assert wanted.keys() == found.keys(), place
        for name, value in wanted.items():
            compare(value, found[name], kept, f"{place}.{name}")
    elif isinstance(wanted, list) and isinstance(found, list):
        assert len(wanted) == len(found), place
        for number, value in enumerate(wanted):
            compare(value, found[number], kept, f"{place}[{number}]")
    else:
        assert found == wanted, place


def caller(name, *roles):
    user, _ = access.add_user(username=name, roles=roles, acting_user=system_user())
    return program(user)


def test_every_request_of_the_guide_is_answered_as_written(shown, django_db_blocker):
    people = {
        "core": caller("core-banking", "finance", "admin"),
        "desk": caller("desk", "manager"),
        "lead": caller("lead", "manager"),
    }
    kept = {}
    steps = STEP.findall(GUIDE.read_text(encoding="utf-8"))
    assert len(steps) > 5
    for request, status, answer in steps:
        line, _, body = NAME.sub(lambda name: kept[name[1]], request).partition("\n")
        method, path, *who = line.split()
        program_of = people[who[-1] if who else "core"]
        if method == "GET":
            response = program_of.get(path)
        else:
            response = program_of.post(path, body, method=method.lower())
        assert response.status_code == int(status), (line, response.content.decode())
        compare(json.loads(answer), response.json(), kept, line)
