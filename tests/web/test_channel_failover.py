"""Goal: a second account sends where the first cannot, never where something may have gone out."""

import pytest

from daihou.web.channels import sending
from daihou.web.channels.adapters.protocol import Accepted, Refused, Unknown
from daihou.web.channels.models import Account, Delivery, Heard, Review
from daihou.web.channels.sandbox import site as sandbox
from daihou.web.channels.sandbox.world import Fate
from daihou.web.channels.secrets import load, save
from tests.web.channel_site import ADDRESSES, NOW, book, message, opened

__all__ = ["book"]


@pytest.fixture
def two(book):
    """Open two accounts for short messages: the first is asked first."""
    with opened(book) as (site, accounts):
        others = Account.objects.filter(book=book).exclude(channel="sms")
        others.update(is_active=False)
        yield site, accounts


def silence(account):
    """Let nobody listen where an account is reached."""
    kept = load(secret_ref=account.secret_ref)
    plain = {name: getattr(kept, name) for name in type(kept).__dataclass_fields__}
    save(secret_ref=account.secret_ref, secrets=type(kept)(**plain | {"url": "http://127.0.0.1:1"}))


def sent(book, ref="p1"):
    return sending.send(sending=message(book, "aliyun", ref), now=NOW)


def test_the_second_account_takes_what_the_first_cannot(book, two):
    site, accounts = two
    silence(accounts["aliyun"])
    answer = sent(book)
    assert isinstance(answer, Accepted)
    assert sent(book) == answer
    row = Delivery.objects.get()
    assert (row.account, row.tries) == (accounts["tencent"], 1)
    assert [each.provider for each in site.world.reached] == ["tencent"]
    sandbox.tell(site=site, accounts_by_provider=accounts, at=NOW)
    row.refresh_from_db()
    assert (row.told, Heard.objects.get().state) == ("delivered", "applied")


@pytest.mark.parametrize("why", ["limit", "review"])
def test_an_account_that_is_full_or_has_not_reviewed_the_text_is_passed_over(book, two, why):
    _, accounts = two
    if why == "limit":
        Account.objects.filter(pk=accounts["aliyun"].pk).update(per_second=1, per_day=1)
        assert isinstance(sent(book, "p0"), Accepted)
    else:
        Review.objects.filter(account=accounts["aliyun"]).update(state="refused")
    assert isinstance(sent(book), Accepted)
    assert Delivery.objects.get(permit_ref="p1").account == accounts["tencent"]


@pytest.mark.parametrize("fate", [Fate.LOST_ANSWER, Fate.BROKEN])
def test_what_may_have_gone_out_is_never_given_to_another_account(book, two, fate):
    site, _ = two
    site.world.fate_of = {ADDRESSES["aliyun"]: fate}.__getitem__
    for _ in range(3):
        assert isinstance(sent(book), Unknown)
    assert [each.provider for each in site.world.reached] == ["aliyun"]
    assert Delivery.objects.get().state == "unknown"


def test_what_is_refused_for_the_person_is_refused(book, two):
    site, _ = two
    site.world.fate_of = {ADDRESSES["aliyun"]: Fate.REFUSED}.__getitem__
    answer = sent(book)
    assert isinstance(answer, Refused)
    assert (answer.is_passing, site.world.reached) == (False, [])
    assert Delivery.objects.get().account.provider == "aliyun"


def test_a_limit_of_the_number_is_waited_for_with_the_first_account(book, two, monkeypatch):
    _, accounts = two
    told = Refused(code="isv.BUSINESS_LIMIT_CONTROL", is_passing=True)
    asked = []
    monkeypatch.setattr(
        "daihou.web.channels.sending._hand_over",
        lambda _message, account, _sending, **_: asked.append(account) or told,
    )
    assert sent(book).is_passing
    assert asked == [accounts["aliyun"]]


def test_where_none_can_it_waits_and_the_first_is_asked_first_again(book, two):
    _, accounts = two
    kept = {name: load(secret_ref=accounts[name].secret_ref) for name in ("aliyun", "tencent")}
    for name in kept:
        silence(accounts[name])
    first = sent(book)
    assert isinstance(first, Refused)
    assert (first.code, first.is_passing) == ("send.no_connection", True)
    for name, secrets in kept.items():
        save(secret_ref=accounts[name].secret_ref, secrets=secrets)
    assert isinstance(sent(book), Accepted)
    row = Delivery.objects.get()
    assert (row.account, row.tries) == (accounts["aliyun"], 2)
