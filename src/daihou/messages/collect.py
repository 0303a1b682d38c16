"""Why the guard refuses a contact, and what is wrong with a rule: code → (Chinese, English)."""

from typing import Final

LINES: Final[dict[str, tuple[str, str]]] = {
    # What the guard cannot decide at all.
    "contact.law_unknown": (
        "法域 {jurisdiction} 没有规则包，不得触达",
        "no rules are known for the jurisdiction {jurisdiction}: no contact",
    ),
    "contact.zone_unknown": (
        "所在时区不明（{zone}），不得触达",
        "the time zone is not known ({zone}): no contact",
    ),
    "contact.rule_missing": (
        "{on} 缺少必备规则：{rules}，不得触达",
        "rules that must be there are not in force on {on}: {rules}; no contact",
    ),
    "contact.debt_unknown": ("所涉借据的情况不明", "nothing is known of one of these debts"),
    "contact.no_debt": ("触达须写明涉及的借据", "a contact names the debts that it is about"),
    "contact.instant_without_zone": (
        "触达时刻缺少时区",
        "the instant of a contact names no time zone",
    ),
    # Hours and counters.
    "contact.hours": (
        "当地时间 {local}（{zone}），仅 {opens} 至 {closes} 之间可触达",
        "it is {local} there ({zone}); contact is allowed from {opens} until {closes}",
    ),
    "contact.inconvenient": (
        "当地时间 {local}，本人已说明该时段不便",
        "it is {local} there, a time that was named as bad",
    ),
    "contact.cap_effective": (
        "{days} 日内有效通话已达 {taken} 次，上限 {most} 次",
        "{taken} effective calls within {days} days; {most} are allowed",
    ),
    "contact.cap_unanswered": (
        "{days} 日内该号码未接拨打已达 {taken} 次，上限 {most} 次",
        "{taken} unanswered dials to this number within {days} days; {most} are allowed",
    ),
    "contact.cap_attempts": (
        "{days} 日内触达已达 {taken} 次，上限 {most} 次",
        "{taken} contacts within {days} days; {most} are allowed",
    ),
    "contact.cap_connected": (
        "{days} 日内拨打（忙线不计）已达 {taken} 次，上限 {most} 次",
        "{taken} calls within {days} days, busy numbers not counted; {most} are allowed",
    ),
    "contact.history_short": (
        "触达记录只到 {since}，不足以计数",
        "contacts are known since {since} only: too short to count",
    ),
    "contact.live_dial": (
        "对该人的上一通拨打尚无结果",
        "another dial to this person has no outcome yet",
    ),
    # Who, on what basis, and what rests.
    "contact.stopped": (
        "停催指令生效中：{stop_kind}（{order}）",
        "contact is stopped: {stop_kind} ({order})",
    ),
    "contact.no_basis": (
        "没有联系{recipient}的合法依据",
        "there is no lawful basis to contact {recipient}",
    ),
    "contact.address_wrong": (
        "该号码或地址已核实为他人使用",
        "somebody else answered at this number or address",
    ),
    "contact.address_not_ours": (
        "无权使用该号码或地址",
        "there is no right to use this number or address",
    ),
    "contact.debtor_in_reach": (
        "未证明债务人失联、死亡或无行为能力，不得联系他人",
        "nothing shows that the debtor is out of reach, dead or incapable: no contact with others",
    ),
    "contact.debt_facts_to_others": (
        "不得向他人透露债务信息",
        "nothing of the debt may be told to others",
    ),
    "contact.guarantee_missing": ("没有保证担保的凭据", "nothing shows a guarantee"),
    "contact.guarantee_over": (
        "保证期间已于 {through} 届满且未主张",
        "the guarantee ended on {through} and was not claimed",
    ),
    "contact.guarantee_not_yet": (
        "一般保证：尚未对债务人执行无果",
        "a general guarantor answers only once nothing is found with the debtor",
    ),
    "contact.debt_not_joint": (
        "没有夫妻共同债务的凭据",
        "nothing shows that the debt is the spouse's, too",
    ),
    "contact.inheritance_missing": ("没有继承的凭据", "nothing shows an inheritance"),
    "contact.estate_used_up": (
        "所继承遗产已不足以清偿",
        "nothing is left of what was inherited",
    ),
    "contact.forbidden": (
        "{by} 不允许使用{contact_channel}",
        "{by} does not allow {contact_channel}",
    ),
    "contact.figures_missing": ("没有当日账务数据", "there are no figures of the debt"),
    "contact.figures_stale": (
        "账务数据为 {as_of}，会计日为 {business_date}，已过时",
        "the figures are of {as_of}, the business date is {business_date}: too old",
    ),
    "contact.nothing_overdue": ("没有逾期款项，不得催收", "nothing is overdue"),
    "contact.nothing_due": ("没有应还款项，无需提醒", "nothing is due"),
    "contact.transfer_not_told": (
        "债权转让通知尚未证明到达债务人",
        "the notice of transfer has not provably arrived",
    ),
    "contact.validation_missing": (
        "首次触达（{first}）后 {days} 日内未送达债务核实通知",
        "no validation notice within {days} days of the first contact on {first}",
    ),
    # What is said, and how it is kept.
    "contact.creditor_not_named": (
        "首次触达须说明机构、债权人和事由",
        "the first contact names the institution, the creditor and the purpose",
    ),
    "contact.institution_not_named": (
        "每次触达均须表明机构身份",
        "every contact says for which institution it is made",
    ),
    "contact.not_asked": (
        "对方近 {days} 日内未来信、来电或投诉，无可答复",
        "she neither wrote, called nor complained within {days} days: there is nothing to answer",
    ),
    "contact.complained": (
        "{days} 日内投诉 {count} 次（超过 {most} 次）：不得自动触达，须由人工决定",
        "{count} complaints within {days} days, more than {most}: nothing automatic",
    ),
    "contact.complained_rightly": (
        "{days} 日内有 {count} 次投诉属实（超过 {most} 次）：暂停催收",
        "{count} complaints within {days} days were right, more than {most}: collection rests",
    ),
    "contact.wording": ("内容含禁用语：{found}", "the text has forbidden wording: {found}"),
    "contact.wording_unread": (
        "内容未经禁用语检查",
        "the text was not read for forbidden wording",
    ),
    "contact.opt_out_missing": ("消息未写明退订方式", "the message does not say how to opt out"),
    "contact.not_recorded": ("该触达须录音或录像", "this contact must be recorded"),
    "contact.visit_not_planned": ("外访没有计划", "the visit is not planned"),
    "contact.visit_too_few": ("外访至少 {least} 人", "a visit takes {least} people at least"),
    "contact.visit_unidentified": ("外访须出示证件", "visitors show who they are"),
    "contact.visit_without_consent": (
        "入户前须征得同意",
        "consent is asked before entering",
    ),
    "contact.limitation_expired": (
        "诉讼时效已过：须由人工决定并说明时效已过",
        "the claim can no longer be sued for: a person decides, and says so",
    ),
    "contact.limitation_unknown": (
        "诉讼时效不明，不得自动催收",
        "whether the claim can be sued for is not known: nothing automatic",
    ),
    "contact.suit_on_expired": (
        "诉讼时效已过或不明，不得提及起诉",
        "a suit may not be mentioned: the claim may no longer be sued for",
    ),
    # Who acts.
    "contact.no_person_acts": ("须由人工进行", "only a person can do this"),
    "contact.not_certified": (
        "经办人没有培训考试合格记录",
        "whoever acts has passed no training and exam",
    ),
    "contact.certificate_over": (
        "经办人的培训考试合格已于 {through} 到期",
        "the certificate of whoever acts ended on {through}",
    ),
    "contact.record_not_clean": (
        "经办人无犯罪及不良记录未核实",
        "the clean record of whoever acts is not on file",
    ),
    "contact.confidentiality_unsigned": (
        "经办人未签保密协议",
        "whoever acts has not signed confidentiality",
    ),
    "contact.agency_unlisted": (
        "委外机构 {agency} 不在公示名单",
        "the agency {agency} is not on the published list",
    ),
    "contact.agency_contract_over": (
        "委外机构 {agency} 的合同已到期",
        "the contract with the agency {agency} has ended",
    ),
    "contact.agency_not_evaluated": (
        "委外机构 {agency} 一年内未经评估",
        "the agency {agency} was not evaluated within the year",
    ),
    "contact.agency_passed_on": (
        "委外机构 {agency} 不得转包",
        "the agency {agency} may not pass the work on",
    ),
    "contact.placed_elsewhere": (
        "该债务未委托给（或不止委托给）机构 {agency}",
        "the debt is not placed with the agency {agency} alone",
    ),
    "contact.agent_not_told": (
        "借款人尚未被告知代理机构 {agency}",
        "the borrower was not told of the agent {agency} yet",
    ),
    # Reporting to a bureau.
    "report.not_told": (
        "报送不良信息前未告知本人",
        "she was not told before adverse data is reported",
    ),
    "report.too_early": (
        "告知后未满 {days} 日，不得报送",
        "fewer than {days} days since she was told",
    ),
    "report.no_consent": ("没有报送信用信息的书面同意", "there is no written consent to report"),
    # Rules.
    "rules.pack_wrong": ("规则包有误：{detail}", "the pack of rules is wrong: {detail}"),
    "rules.unknown_rule": ("没有规则 {detail}", "there is no rule {detail}"),
    "rules.unknown_figure": (
        "该规则没有这个数值：{detail}",
        "the rule has no such figure: {detail}",
    ),
    "rules.loosens": (
        "只能收紧，不能放宽：{detail}",
        "a rule is tightened, never loosened: {detail}",
    ),
    "rules.changes_nothing": (
        "没有收紧任何内容：{detail}",
        "nothing is tightened: {detail}",
    ),
    "rules.no_law": (
        "法域 {jurisdiction} 没有规则包，无从收紧",
        "no rules are known for {jurisdiction}: there is nothing to tighten",
    ),
    "rules.field_wrong": ("填写有误：{text}", "a field cannot be read: {text}"),
    "rules.source_missing": ("须写明来源", "a tightening names its source"),
    "rules.one_of_both": (
        "只能针对资金方或产品之一",
        "a tightening is for a funder or for a product, not for both",
    ),
    "rules.not_of_this_book": (
        "该资金方或产品不在本账簿",
        "this funder or product is not of this book",
    ),
    "rules.ended_already": ("该收紧已终止", "this tightening has an end already"),
    "rules.end_before_beginning": (
        "终止日不得早于生效日 {day} 的前一日",
        "it cannot end before it began on {day}",
    ),
    # Deciding again.
    "redecision.rules_missing": (
        "缺少当时的规则 {detail}",
        "the rules of that time are missing: {detail}",
    ),
    "redecision.differs": (
        "重新判定的结果与留存的不同：{detail}",
        "deciding again gives something else than what was kept: {detail}",
    ),
}
