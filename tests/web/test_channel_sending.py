"""Goal: at most once to the person. Method: twins of providers that misbehave, over sockets."""

import pytest

from daihou.web.access.queries import system_user
from daihou.web.channels import hearing, sending
from daihou.web.channels.adapters import freeswitch
from daihou.web.channels.adapters.protocol import Accepted, Refused, Unknown
from daihou.web.channels.models import Delivery, Heard, Letter
from daihou.web.channels.sandbox import site as sandbox
from daihou.web.channels.sandbox.world import Fate
from daihou.web.channels.secrets import load
from tests.web.channel_site import ADDRESSES, NOW, book, make_book, message, opened, payload

__all__ = ["book"]
WEB = ("aliyun", "tencent", "smtp", "jpush", "wechat", "whatsapp", "robot")
SPEAKING = (*WEB, "freeswitch")


@pytest.mark.parametrize("provider", SPEAKING)
def test_what_a_provider_takes_reaches_the_person_once_and_is_told(book, provider):
    with opened(book, only=provider) as (site, accounts):
        sent = message(book, provider)
        answer = sending.send(sending=sent, now=NOW)
        assert isinstance(answer, Accepted), answer
        assert sending.send(sending=sent, now=NOW) == answer
        assert site.world.count_reached("p1") == 1
        if provider == "freeswitch":
            receipt = next(
                freeswitch.listen(secrets=load(secret_ref=accounts[provider].secret_ref))
            )
            assert (receipt.told, receipt.seconds) == ("spoken", 42)
            assert receipt.recording.endswith(f"{answer.provider_ref}.wav")
            hearing.keep(account=accounts[provider], said=receipt, acting_user=system_user())
        elif provider != "smtp":  # A mail that arrives is told by nobody.
            (taken,) = sandbox.tell(site=site, accounts_by_provider=accounts, at=NOW)
            assert (taken.new, taken.unmatched) == (1, 0)
        row = Delivery.objects.get(permit_ref="p1")
        assert row.state == "accepted"
        assert row.told in {"delivered", "spoken"} or provider == "smtp"


@pytest.mark.parametrize("provider", SPEAKING)
@pytest.mark.parametrize("fate", [Fate.LOST_ANSWER, Fate.BROKEN])
def test_what_may_have_gone_out_is_unknown_and_never_sent_again(book, provider, fate):
    with opened(book, {ADDRESSES[provider]: fate}, only=provider) as (site, _):
        sent = message(book, provider)
        for _ in range(3):
            assert isinstance(sending.send(sending=sent, now=NOW), Unknown)
        assert site.world.count_reached("p1") == 1
    assert Delivery.objects.get().state == "unknown"


@pytest.mark.parametrize("provider", SPEAKING)
def test_a_refusal_reached_nobody_and_stands(book, provider):
    with opened(book, {ADDRESSES[provider]: Fate.REFUSED}, only=provider) as (site, _):
        answer = sending.send(sending=message(book, provider), now=NOW)
        assert isinstance(answer, Refused)
        assert not answer.is_passing
        again = sending.send(sending=message(book, provider), now=NOW)
        assert (again.code, site.world.reached) == (answer.code, [])


@pytest.mark.parametrize("provider", WEB)
def test_a_throttled_message_goes_out_later_under_the_same_permit(book, provider):
    with opened(book, {ADDRESSES[provider]: Fate.THROTTLED}, only=provider) as (site, _):
        first = sending.send(sending=message(book, provider), now=NOW)
        assert isinstance(first, Refused)
        assert first.is_passing
        assert site.world.reached == []
        assert isinstance(sending.send(sending=message(book, provider), now=NOW), Accepted)
        assert site.world.count_reached("p1") == 1
    assert Delivery.objects.get().tries == 2


def test_a_process_that_died_while_handing_over_leaves_unknown(book, monkeypatch):
    class Killed(BaseException):
        pass

    def die(*_, **__):
        raise Killed

    with opened(book, only="aliyun") as (site, _):
        with monkeypatch.context() as patch:
            patch.setattr("daihou.web.channels.sending._keep", die)
            with pytest.raises(Killed):
                sending.send(sending=message(book, "aliyun"), now=NOW)
        assert site.world.count_reached("p1") == 1
        assert isinstance(sending.send(sending=message(book, "aliyun"), now=NOW), Unknown)
        assert site.world.count_reached("p1") == 1
        # Its receipt names our reference: then we know.
        sandbox.tell(site=site, accounts_by_provider={"aliyun": _account(book)}, at=NOW)
    row = Delivery.objects.get()
    assert (row.state, row.told) == ("accepted", "delivered")


def _account(book):
    return book.accounts.get(provider="aliyun")


def test_nobody_listening_is_a_refusal_that_passes(book):
    with opened(book, only="aliyun"):
        pass
    answer = sending.send(sending=message(book, "aliyun"), now=NOW)
    assert (answer.code, answer.is_passing) == ("send.no_connection", True)


def test_an_account_sends_no_more_than_its_limits(book):
    with opened(book, only="aliyun") as (site, _):
        book.accounts.filter(provider="aliyun").update(per_second=2, per_day=3)
        answers = [
            sending.send(sending=message(book, "aliyun", f"p{n}"), now=NOW) for n in range(4)
        ]
        assert [isinstance(answer, Accepted) for answer in answers] == [True, True, True, False]
        assert (answers[3].code, len(site.world.reached)) == ("account.busy", 3)


def test_a_text_goes_out_only_approved_reviewed_and_clean(book):
    from daihou.web.channels.models import Review

    with opened(book, only="aliyun") as (site, _):
        said = payload()
        bad = type(said)(**(said.as_mapping() | {"text": "不还钱就等着坐牢"}))
        answer = sending.send(sending=message(book, "aliyun", payload=bad), now=NOW)
        assert answer.code == "template.wording_forbidden"
        Review.objects.filter(account__provider="aliyun").update(state="refused")
        assert (
            sending.send(sending=message(book, "aliyun"), now=NOW).code == "template.not_reviewed"
        )
        assert site.world.reached == []
    assert not Delivery.objects.exists()


def test_without_an_account_nothing_goes_out(db):
    assert sending.send(sending=message(make_book(), "aliyun"), now=NOW).code == "account.none"


def test_a_letter_is_typeset_once_and_waits_for_its_batch(book):
    with opened(book, only="letters"):
        for _ in range(2):
            answer = sending.send(sending=message(book, "letters"), now=NOW)
            assert isinstance(answer, Accepted)
    letter = Letter.objects.get()
    assert letter.batch is None
    assert "世纪大道" not in letter.address


@pytest.mark.parametrize("provider", ["aliyun", "tencent", "whatsapp", "wechat"])
def test_a_receipt_before_our_own_answer_waits_for_it(book, provider, monkeypatch):
    """The provider is quicker than its answer: the receipt lies there, then counts."""
    with opened(book, only=provider) as (site, accounts):
        original = sending._keep

        def told_first(*args, **given):
            sandbox.tell(site=site, accounts_by_provider=accounts, at=NOW)
            return original(*args, **given)

        monkeypatch.setattr("daihou.web.channels.sending._keep", told_first)
        assert isinstance(sending.send(sending=message(book, provider), now=NOW), Accepted)
    row = Delivery.objects.get()
    assert (row.state, row.told) == ("accepted", "delivered")
    assert set(Heard.objects.values_list("state", flat=True)) == {"applied"}


@pytest.mark.parametrize("fate", [Fate.TWICE_TOLD, Fate.OUT_OF_ORDER])
def test_receipts_told_twice_or_in_the_wrong_order_count_once(book, fate):
    with opened(book, {ADDRESSES["aliyun"]: fate}, only="aliyun") as (site, accounts):
        sending.send(sending=message(book, "aliyun"), now=NOW)
        sandbox.tell(site=site, accounts_by_provider=accounts, at=NOW)
    assert Delivery.objects.get().told == "delivered"
    assert Heard.objects.count() == (1 if fate is Fate.TWICE_TOLD else 2)
