"""Goal: channels and mandates are set up, used and ended by command and by API; nothing else is.

Method: the commands and requests that an operator sends, bad ones too.
"""

import json
from datetime import date
from hashlib import sha256

import pytest
from django.utils import timezone

from daihou.cli import main
from daihou.web.access.queries import system_user
from daihou.web.payments.debit_plan import plan_debits
from daihou.web.payments.models import Channel, Mandate
from tests.web.api_client import program
from tests.web.payment_channels import make_book, make_channel

RUN_ON = date(2025, 2, 6)
SIGNED = "cd" * 32
MANDATE = {
    "channel": "demo-bank-debit",
    "reference": "M-1",
    "account": "6222020200112233445",
    "evidence_digest": SIGNED,
    "signed_on": "2025-01-06",
}


@pytest.fixture
def book(db):
    return make_book()


@pytest.fixture
def bank(book):
    return make_channel(book, "bank_debit")


@pytest.fixture
def run(book, capsys, monkeypatch):
    from daihou.web.postgres import database

    monkeypatch.setattr(database, "ensure_database", lambda: None)  # It is there.

    def command(*arguments):
        with pytest.raises(SystemExit) as left:
            main.run(["payments", *arguments, "--json"])
        told = capsys.readouterr()
        return left.value.code, told.out or told.err

    return command


def planned(channel, on=RUN_ON):
    return plan_debits(channel=channel, run_on=on, acting_user=system_user(), at=timezone.now())


def test_a_channel_is_added_and_switched_by_command(run):
    code, out = run("channel-add", "counter", "--adapter", "manual", "--account", "till-1")
    shown = json.loads(out)
    assert (code, shown["channel"], shown["hook"], shown["keys"]) == (0, "counter", None, None)
    code, out = run(
        "channel-add", "bank", "--adapter", "bank_debit", "--account", "8", "--secret-ref", "no-1"
    )
    shown = json.loads(out)
    assert (shown["hook"], shown["keys_found"]) == ("/hooks/bank/", False)
    assert shown["keys"].endswith("channels/no-1.json")
    assert json.loads(run("channel-switch", "--channel", "bank", "--off")[1])["is_active"] is False
    assert Channel.objects.get(code="bank").is_active is False


@pytest.mark.parametrize(
    ("arguments", "refused"),
    [
        (["x", "--adapter", "cash"], "channel.adapter_unknown"),
        (["X y", "--adapter", "manual"], "channel.name_refused"),
        (["x", "--adapter", "alipay", "--secret-ref", "../../etc"], "channel.name_refused"),
        (["x", "--adapter", "alipay"], "channel.secret_ref_wrong"),
        (["x", "--adapter", "manual", "--secret-ref", "keys"], "channel.secret_ref_wrong"),
    ],
)
def test_a_channel_that_could_not_work_is_refused(run, arguments, refused):
    code, out = run("channel-add", *arguments, "--account", "8")
    assert code != 0
    assert refused in out
    assert not Channel.objects.exists()


def test_a_mandate_put_on_file_by_command_is_debited_until_it_ends(run, bank, tmp_path):
    paper = tmp_path / "agreement.pdf"
    paper.write_bytes(b"%PDF-1.7 signed")
    code, out = run(
        *("mandate-add", "A", "--channel", bank.code, "--reference", "M-1", "--on", "2025-01-06"),
        *("--account", "6222020200112233445", "--evidence", str(paper)),
    )
    shown = json.loads(out)
    assert (code, shown["evidence"]) == (0, sha256(paper.read_bytes()).hexdigest())
    assert "6222020200112233445" not in out
    assert run("mandate-end", "nothing", "--channel", bank.code, "--on", "2025-02-06")[0] != 0
    assert run("mandate-end", "M-1", "--channel", bank.code, "--on", "2025-02-06")[0] == 0
    assert planned(bank).count == 0
    assert Mandate.objects.get().ended_on == RUN_ON


def test_channels_and_mandates_go_through_the_api(book, bank, make_user):
    admin, finance = program(make_user("admin")), program(make_user("finance"))
    till = {"code": "till", "adapter": "manual", "account": "1"}
    made = admin.post("/books/demo/channels", till)
    assert made.status_code == 201
    switched = admin.post(
        f"/books/demo/channels/{made.json()['id']}", {"is_active": False}, method="patch"
    )
    assert switched.json()["is_active"] is False
    assert finance.post("/books/demo/channels", till | {"code": "b"}).status_code == 403

    signed = finance.post("/books/demo/loans/A/mandates", MANDATE)
    assert signed.status_code == 201
    assert MANDATE["account"] not in signed.content.decode()
    assert planned(bank).count == 1
    again = finance.post("/books/demo/loans/A/mandates", MANDATE | {"reference": "M-2"})
    assert again.json()["code"] == "mandate.exists"
    place = f"/books/demo/loans/A/mandates/{signed.json()['id']}/end"
    early = finance.post(place, {"ended_on": "2024-01-01"})
    assert early.json()["code"] == "mandate.ends_before_it_begins"
    assert finance.post(place, {"ended_on": "2025-03-01"}).json()["ended_on"] == "2025-03-01"
    listed = finance.get("/books/demo/loans/A/mandates").json()["items"]
    assert [each["reference"] for each in listed] == ["M-1"]
    assert [each["code"] for each in finance.get("/books/demo/channels").json()["items"]] == [
        "demo-bank-debit",
        "till",
    ]
