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
    ("您好，我是街道办的，请配合", "impersonation"),
    ("我司将把您列入失信名单", "impersonation"),
    ("我们今天就冻结你的银行卡", "impersonation"),
    ("您的案件已移交公安机关", "impersonation"),
    ("你已涉嫌贷款诈骗", "threat"),
    ("我们会到你单位门口闹", "threat"),
    ("我们已经拿到你的通讯录", "threat"),
    ("可以找家里人先借点", "borrowing"),
    ("跟朋友周转一下", "borrowing"),
    ("需先缴纳解冻金500元", "fees"),
    ("This is the reserve bank calling", "impersonation"),
    ("You have been served", "impersonation"),
    ("A police complaint was made", "impersonation"),
    ("We will garnish your wages tomorrow", "threat"),
    ("You are guilty of fraud", "threat"),
    ("Your neighbours will know about it", "public"),
    ("The whole village will hear of this", "public"),
    ("Borrow the money from your parents", "borrowing"),
    ("Ask your relatives for the money", "borrowing"),
    ("Pay with gift cards today", "fees"),
    ("You are a cheater", "insult"),
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
    "本公司是经中国人民银行批准设立的支付机构的合作方，请按时还款。",
    "我们是受人民银行监管的消费金融公司。",
    "如发现涉嫌诈骗的来电，请拨打96110举报。",
    "人民法院判决生效后，可依法纳入失信被执行人名单。",
    "请勿找亲友借钱还款；如有困难请与我们协商。",
    "我们不会要求缴纳任何押金、解冻金。",
    "我们的工作人员经您同意后上门沟通，会出示证件。",
    "您的还款已提交，预计今日入账。",
    "账户资金不足，划扣未成功，请及时存入。",
    "We are registered with the Reserve Bank of India; complaints go to the RBI ombudsman.",
    "We will never freeze your bank account or ask for gift cards.",
    "Do not borrow from friends or family to pay us; a plan may help.",
    "If you are a victim of fraud, tell us at once and collection stops.",
    "Your bank account could not be charged. You are a valued customer.",
    "We may ask a court to decide; no criminal charges follow from a debt.",
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
