"""Messages of permits, stop orders and the sealed log."""

from typing import Final

LINES: Final[dict[str, tuple[str, str]]] = {
    # Asking.
    "contact.refused": (
        "依规则不得触达，理由见拒绝记录",
        "this contact may not be made; the refusal says why",
    ),
    "contact.cap_reached": (
        "数据库已拒绝：{rule} 的上限已满",
        "the database refused it: the cap of {rule} is reached",
    ),
    "contact.no_limits": (
        "该法域没有触达上限，不得触达",
        "no caps are known for this law: nothing may leave",
    ),
    "contact.outcome_known": (
        "许可 {permit} 已有结果",
        "the outcome of permit {permit} is known already",
    ),
    # Stops and agreements.
    "contact.stop_ends_first": (
        "停止令的终止时间须在开始之后",
        "a stop order has to end after it begins",
    ),
    "contact.stop_for_good": (
        "联系人拒绝后永久停止，不可解除",
        "a contact person's refusal is for good and cannot be lifted",
    ),
    "contact.stop_lifted": ("停止令已解除", "this stop order was lifted already"),
    "contact.stop_of_deed": (
        "该停止令随其状态、投诉或还款主张而终止，不可单独解除",
        "this stop order ends with the state, complaint or claim that ordered it, not by itself",
    ),
    "contact.stop_over": ("停止令已到期", "this stop order has ended already"),
    "contact.stop_by_orderer": (
        "下令人不得自行解除：须由他人解除，或注明本人撤回的证据",
        "who ordered a stop does not lift it: somebody else, or she herself, said where it is kept",
    ),
    "contact.reason_missing": ("请填写理由", "say why"),
    "contact.evidence_missing": ("请填写证据", "say where the proof is"),
    "contact.agreement_ends_first": (
        "约定的终止时间须在开始之后",
        "an agreement has to end after it begins",
    ),
    "contact.recording_missing": (
        "通话须有录音：请填写录音编号",
        "a talk is recorded: give the reference of the recording",
    ),
    "contact.time_wrong": (
        "时段须在一日之内，起止不同",
        "a time is a part of a day, with an end that is not its beginning",
    ),
    "contact.time_ended": ("该不便时段已终止", "this time ended already"),
    "contact.finding_loans": (
        "请选择本账簿中的借据",
        "say which loans of this book it is about",
    ),
    "contact.finding_day": ("日期不得晚于今天", "a fact is established today at the latest"),
    "contact.finding_whom": (
        "请填写该事实涉及的人（配偶、继承人须为借款人以外的人）",
        "say whom it is about; the spouse or heir is somebody else than the borrower",
    ),
    "contact.finding_named": (
        "转让须填写受让方，告知代理须填写机构名称；其他事项不填",
        "say to whom the debt went, or which agency she was told of; nothing for other facts",
    ),
    "contact.finding_amount": (
        "继承须填写剩余遗产金额；其他事项不填",
        "say what is left of the estate; nothing for other facts",
    ),
    "contact.finding_ended": ("该认定已撤回", "this fact was taken back already"),
    "contact.agreement_ended": ("约定已终止", "this agreement ended already"),
    # The sealed log.
    "audit.empty_log": (
        "日志为空：尚无封存记录，请运行 daihou worker",
        "the log is empty: nothing is sealed yet; run daihou worker",
    ),
    "audit.not_sealed": ("{row} 尚未封存", "{row} is not sealed yet"),
    "audit.size_unknown": ("日志没有过 {size} 条的状态", "the log was never {size} entries long"),
    "audit.export_malformed": (
        "{file} 第 {line} 行不是日志导出",
        "{file}, line {line}: this is no export of a log",
    ),
    "audit.head_malformed": ("{file} 不是日志头", "{file} is no head of a log"),
    "audit.head_signature": (
        "{size} 条的日志头签名无效",
        "the signature of the head of {size} entries is not valid",
    ),
    "audit.head_differs": (
        "导出中的日志头与公布的不同（{size} 条）",
        "the head in the export is not the published one of {size} entries",
    ),
    "audit.tail_cut": (
        "导出早于该日志头，或尾部被截：只有 {found} 条，日志头为 {wanted} 条",
        "older than this head, or its tail was cut: {found} entries, the head says {wanted}",
    ),
    "audit.place_wrong": (
        "第 {leaf} 条不在其位：导出称其为第 {said} 条，其间有删除、插入或调换",
        "entry {leaf} is not in its place, the export calls it {said}: rows were cut, added, moved",
    ),
    "audit.rewritten": (
        "日志被改写：前 {size} 条与公布的根不符",
        "the log was rewritten: its first {size} entries do not give the published root",
    ),
    "audit.row_changed": (
        "{row} 封存后被修改（第 {leaf} 条）",
        "{row} was changed after it was sealed (entry {leaf})",
    ),
    "audit.row_missing": (
        "第 {leaf} 条的记录缺失",
        "the row of entry {leaf} was taken out",
    ),
    "audit.not_included": (
        "{row} 不在该日志头之下（第 {leaf} 条）",
        "{row} does not stand under this head (entry {leaf})",
    ),
    "audit.decided_otherwise": (
        "按留存的输入重新判定，{row} 结果不同（{why}）",
        "decided again from what was kept, {row} comes out otherwise ({why})",
    ),
    "audit.not_grown": (
        "新日志头不是旧日志头的延续",
        "the newer head does not continue the older one",
    ),
    "audit.failed": ("核验未通过：{count} 处问题", "the check failed: {count} findings"),
}
