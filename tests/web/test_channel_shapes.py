"""Goal: adapters speak as providers describe it. Method: the examples of their own pages."""

import json
from datetime import UTC, datetime

import pytest
from django.test import Client

from daihou.web.channels import secrets as kept
from daihou.web.channels.adapters import aliyun, push, transport
from daihou.web.channels.adapters.tencent import Tencent
from daihou.web.channels.errors import ChannelRefused
from daihou.web.channels.secrets import AccountSecrets
from tests.web.channel_site import NOW, book, opened

__all__ = ["book"]
SECRETS = AccountSecrets(url="", key_id="app", key_secret="master", hook_secret="word")


def test_aliyun_signs_as_in_the_worked_example_of_its_page(monkeypatch):
    monkeypatch.setattr(aliyun, "ACTION", "RunInstances")
    monkeypatch.setattr(aliyun, "VERSION", "2014-05-26")
    query = aliyun.canonical_query(
        {
            "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd",
            "RegionId": "cn-shanghai",
        }
    )
    signed = aliyun.signed_headers(
        query=query,
        secrets=AccountSecrets(
            url="https://ecs.cn-shanghai.aliyuncs.com",
            key_id="YourAccessKeyId",
            key_secret="YourAccessKeySecret",
        ),
        at=datetime(2023, 10, 26, 10, 22, 32, tzinfo=UTC),
        nonce="3156853299f313e23d1673dc12e1703d",
    )
    assert signed["Authorization"].endswith(
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


def heard(adapter, told, **headers):
    return adapter.read_hook(
        headers=headers,
        query={"key": "word"},
        body=json.dumps(told).encode(),
        secrets=SECRETS,
        now=NOW,
    )


def test_aliyun_tells_receipts_and_answers_with_the_fields_of_its_pages():
    receipt = {
        "phone_number": "13811110000",
        "send_time": "2017-01-01 00:00:00",
        "report_time": "2017-01-01 00:00:00",
        "success": True,
        "err_code": "DELIVERED",
        "err_msg": "x",
        "sms_size": "1",
        "biz_id": "12345",
        "out_id": "67890",
    }
    answer = {
        "phone_number": "13811110000",
        "send_time": "2017-09-01 00:00:00",
        "content": "TD",
        "dest_code": "1234",
        "sequence_id": 1234567890,  # A number on one page, a text on another.
    }
    told, said = heard(aliyun.Aliyun(), [receipt, answer])
    assert (told.told, told.provider_ref, told.reference) == ("delivered", "12345", "67890")
    assert told.at == datetime(2016, 12, 31, 16, tzinfo=UTC)
    assert (said.notice_ref, said.text) == ("1234567890", "TD")


def test_tencent_tells_receipts_and_answers_with_the_fields_of_its_pages():
    receipt = {
        "user_receive_time": "2015-10-17 08:03:04",
        "nationcode": "86",
        "mobile": "13811110000",
        "report_status": "SUCCESS",
        "errmsg": "DELIVRD",
        "description": "x",
        "sid": "s1",
    }
    answer = {
        "extend": "",
        "mobile": "13811110000",
        "nationcode": "86",
        "sign": "s",
        "text": "User reply",
        "time": 1457336869,
    }
    (told,) = heard(Tencent(), [receipt])
    (said,) = heard(Tencent(), answer)
    assert (told.told, told.provider_ref, said.text) == ("delivered", "s1", "User reply")


def test_jpush_proves_itself_with_key_and_secret_of_the_app():
    told = {"events": [{"msg_id": "m", "event": "received", "time": "1700000000"}]}
    proof = transport.basic(user="app", password="master")
    (receipt,) = heard(push.Push(), told, authorization=proof)
    assert (receipt.provider_ref, receipt.told) == ("m", "delivered")
    for wrong in (transport.basic(user="app", password="x"), ""):
        with pytest.raises(ChannelRefused):
            heard(push.Push(), told, authorization=wrong)


def test_jpush_finds_our_address_before_it_calls(book):
    with opened(book, only="jpush") as (_, accounts):
        account = accounts["jpush"]
        loaded = kept.load(secret_ref=account.secret_ref)
        right = transport.basic(user=loaded.key_id, password=loaded.key_secret)
        answers = [
            Client().get(
                f"/reach/{account.code}/?echostr=abc12345", headers={"Authorization": word}
            )
            for word in (right, "Basic eDp5", "")
        ]
    assert [each.status_code for each in answers] == [200, 403, 403]
    assert answers[0].content == b"abc12345"
