"""Goal: forbidden wording is found however it is spelt, and lawful texts pass. Method: examples."""

import pytest

from daihou.collect.wording import Offence, check, read

FORBIDDEN = [
    ("我们是法院的，请立即还款", "impersonation"),
    ("我是公安局刑侦队的张警官", "impersonation"),
    ("本院已对你立案", "impersonation"),
    ("公安机关已联合执法", "impersonation"),
    ("再不还款就让你坐牢", "threat"),
    ("明天派人去你家堵门", "threat"),
    ("不还钱就爆你通讯录", "threat"),
    ("会影响你的子女上学", "threat"),
    ("我们会通知你的家人和同事", "public"),
    ("把你的照片发到朋友圈", "public"),
    ("在小区门口张贴公告", "public"),
    ("让全村知道你欠钱", "public"),
    ("你可以去别的平台借一笔来还", "borrowing"),
    ("建议您借新还旧", "borrowing"),
    ("另收上门费200元", "fees"),
    ("请把钱转到我的微信", "fees"),
    ("你就是个老赖", "insult"),
    ("不要脸的骗子", "insult"),
    ("This is the police department", "impersonation"),
    ("I am calling from the county court", "impersonation"),
    ("A warrant has been issued", "impersonation"),
    ("You will be arrested tomorrow", "threat"),
    ("We will have you thrown in jail or get you arrested", "threat"),
    ("We know where you live", "threat"),
    ("We will tell your employer", "public"),
    ("We will post your photo on Facebook", "public"),
    ("Take out another loan and pay us", "borrowing"),
    ("There is a visiting fee of 50", "fees"),
    ("Send the money to my account", "fees"),
    ("Pay up, you deadbeat", "insult"),
]
LAWFUL = [
    "【某某消费金融】尊敬的张*：您在本公司的借款已逾期5天，应还1,234.50元，请及时还款。退订回T",
    "本公司受某某银行委托提醒您还款，客服400-000-0000",
    "如未能还款，本公司可能依法向有管辖权的人民法院提起诉讼。",
    "逾期信息将依法报送征信机构，请您知悉。",
    "请勿借新还旧，请勿向任何个人转账，我们不会收取任何手续费。",
    "如有困难，可申请延期或分期，请致电客服。",
    "請於到期日前還款，如已還款請忽略。",
    "Your instalment of 120.00 was due on 1 March. Please pay or call us. Reply STOP to opt out.",
    "You cannot be arrested for this debt.",
    "We never contact your employer and charge no collection fees.",
    "If you cannot pay, ask us for a plan. This is an attempt to collect a debt.",
]
DISGUISED = [
    "我们是法*院的",
    "我 们 是 法 院 的",
    "我們是法院的",
    "我们是\u200b法\u200b院的",
    "我们是【法】【院】的",
    "Ｔｈｉｓ ｉｓ ｔｈｅ ｐｏｌｉｃｅ",
    "THIS IS THE POLICE",
    "this is the p o l i c e",
    "this is the p.o.l.i.c.e",
    "this   is\nthe police",
    "this is the p\u043elice",  # A Cyrillic letter.
    "this is the police",
]


@pytest.mark.parametrize(("text", "kind"), FORBIDDEN)
def test_forbidden_wording_is_found(text, kind):
    assert Offence(kind) in {finding.kind for finding in check(text)}


@pytest.mark.parametrize("text", LAWFUL)
def test_lawful_texts_pass(text):
    assert check(text) == ()


@pytest.mark.parametrize("text", DISGUISED)
def test_disguises_do_not_hide_it(text):
    (finding,) = check(text)
    assert finding.kind is Offence.IMPERSONATION
    assert text[finding.start : finding.end] == finding.text


def test_a_text_becomes_what_the_guard_decides_on():
    text = "您的借款已逾期，我们是法院的。诉讼时效已过。退订回T"
    content = read(text=text, template_key="late", version=3, language="zh")
    assert (content.template_key, content.version, content.language) == ("late", 3, "zh")
    assert content.findings == ("ZH-STATE-01",)
    assert content.wording_version.startswith("wording.")
    assert len(content.text_digest) == 64
    told = (content.names_purpose, content.carries_debt_facts, content.has_opt_out)
    assert told == (True, True, True)
    assert (content.mentions_suit, content.tells_expiry) == (True, True)
    quiet = read(text="请联系我们", template_key="call", version=1, language="zh")
    assert (quiet.carries_debt_facts, quiet.mentions_suit, quiet.findings) == (False, False, ())
