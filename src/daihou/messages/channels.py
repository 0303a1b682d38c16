"""What channels and templates say: code → (Chinese, English)."""

from typing import Final

LINES: Final[dict[str, tuple[str, str]]] = {
    # Accounts with providers.
    "account.busy": (
        "该账户今日或此刻已达发送上限",
        "the account has sent all it may at this moment or today",
    ),
    "account.exists": ("账户 {account} 已存在", "there is an account {account} already"),
    "account.limit_wrong": (
        "发送上限须为正整数",
        "a limit is a whole number above zero",
    ),
    "account.name_refused": (
        "编号 {name} 不可用：须为 1 至 32 个小写字母、数字、- 或 _",
        "the name {name} is refused: 1 to 32 of a-z, 0-9, - and _",
    ),
    "account.none": (
        "没有可用于 {channel} 的触达账户",
        "there is no open account for {channel}",
    ),
    "account.provider_unknown": ("没有服务商 {provider}", "there is no provider {provider}"),
    "account.secret_ref_wrong": (
        "{provider}：信函不要密钥文件，其他服务商必须有",
        "for {provider}: letters have no file of keys, every other provider has",
    ),
    "account.secrets_missing": (
        "缺少触达账户密钥文件 {path}",
        "the keys of the account are missing: {path}",
    ),
    "account.secrets_unreadable": (
        "触达账户密钥文件 {path} 无法读取",
        "the keys of the account cannot be read: {path}",
    ),
    "account.takes_no_messages": (
        "{provider} 没有消息接口",
        "{provider} takes no messages",
    ),
    "account.unknown": ("没有话务账户 {account}", "there is no account of a switch {account}"),
    "account.url_refused": (
        "服务商地址 {url} 不可用：须为 https、smtps 或内网话务地址",
        "the provider's address {url} is refused",
    ),
    "extension.malformed": (
        "分机号只能含字母、数字、- 和 _",
        "an extension has letters, digits, - and _ only",
    ),
    "extension.taken": ("分机 {number} 已属他人", "the extension {number} is somebody else's"),
    # What providers call us with.
    "heard.closed_already": ("该来讯已处理", "this was closed already"),
    "heard.reason_missing": ("请写明处理说明", "say what was done"),
    "hook.header_missing": ("缺少头部 {header}", "the header {header} is missing"),
    "hook.kind_unknown": ("该账户不接收回调", "this account takes no calls"),
    "hook.malformed": ("回调内容无法读取", "the call cannot be read"),
    "hook.signature_wrong": ("回调签名不符", "the signature of the call is wrong"),
    "hook.too_old": ("回调时间超出允许范围", "the call is too old, or from the future"),
    # Handing over.
    "delivery.cannot_be_written": (
        "原消息无法重写：许可、联系方式或借据已不可用",
        "it cannot be written anew: its permit, address or loans are gone",
    ),
    "delivery.may_have_gone_out": (
        "结果未知的消息可能已经送达，不得重发",
        "it may have reached the person, and is not sent again",
    ),
    "delivery.not_dead": ("该消息无需处理", "there is nothing to be done about this message"),
    "delivery.note_missing": ("请写明处理说明", "say what was found"),
    "letter.none_waiting": ("没有待打印的信函", "no letter waits"),
    "letter.out_of_order": (
        "当前状态（{state}）不能这样处理",
        "not in this state ({state})",
    ),
    "send.address_malformed": ("地址或号码格式不正确", "the address is malformed"),
    "send.by_another": ("正由另一进程交付", "another process is handing it over"),
    "send.interrupted": (
        "交付中断，可能已经送达",
        "the handing over was cut short; it may have gone out",
    ),
    "send.no_connection": ("连接不上服务商", "the provider cannot be reached"),
    "send.no_extension": ("坐席没有分机号", "the collector has no extension"),
    # Reminders, receipts and other texts that leave by themselves.
    "reminder.days_wrong": (
        "逾期天数须为 1 至 {most} 之间的整数，至多 {count} 个",
        "days past due are 1 to {most}, {count} of them at most",
    ),
    "reminder.no_way": (
        "没有可用的联系方式或触达账户",
        "there is no usable address or account",
    ),
    "reminder.not_needed": ("已无需发送", "it is not needed any more"),
    "reminder.rule_in_past": (
        "自动发送规则不能从已过去的 {on} 起生效",
        "what leaves by itself cannot be changed from {on} on: that is past",
    ),
    "reminder.too_late": ("已过提醒日", "its day is over"),
    # Templates.
    "identity.incomplete": (
        "请写明机构名称和客服电话",
        "say the name of the institution and the service phone",
    ),
    "identity.missing": (
        "账簿 {book} 尚未填写机构名称和客服电话",
        "the book {book} does not say who writes and where to call",
    ),
    "template.body_missing": ("正文不能为空", "there is no text"),
    "template.braces_wrong": (
        "花括号不成对，或含有不允许的写法",
        "the braces do not pair, or say more than a slot's name",
    ),
    "template.channel_differs": (
        "该账户的渠道（{channel}）与模板不同",
        "the account is of another channel ({channel})",
    ),
    "template.exists": ("模板 {template} 已存在", "there is a template {template} already"),
    "template.link_refused": (
        "{slot} 须为 https 链接",
        "{slot} has to be a link of https",
    ),
    "template.name_not_masked": ("{slot} 须先脱敏", "{slot} has to be masked"),
    "template.names_wrong": (
        "写成 due_amount=amount2 的形式，逗号分隔",
        "write due_amount=amount2, with commas between",
    ),
    "template.none_approved": (
        "{channel} 渠道没有已批准的模板 {template}",
        "there is no approved template {template} for {channel}",
    ),
    "template.not_approved": (
        "模板 {template} 的这一版本不在用",
        "this version of {template} is not in use",
    ),
    "template.not_draft": ("第 {version} 版不是草稿", "version {version} is no draft"),
    "template.not_reviewed": (
        "服务商尚未通过模板 {template}",
        "the provider has not passed the template {template}",
    ),
    "template.review_incomplete": (
        "通过审核须填写服务商模板号",
        "a text that passed has a number at its provider",
    ),
    "template.slot_unknown": ("没有变量 {slot}", "there is no slot {slot}"),
    "template.submitted_already": (
        "模板 {template} 有版本待审批",
        "a version of {template} waits for approval",
    ),
    "template.too_long": (
        "正文或标题过长（最多 {most} 字）",
        "too long: at most {most} characters",
    ),
    "template.too_many_parts": (
        "短信过长：最多 {most} 条",
        "too long for a short message: at most {most} parts",
    ),
    "template.value_missing": (
        "这笔借据没有变量 {slot} 的值",
        "this loan has no value for {slot}",
    ),
    "template.value_wrong": ("变量 {slot} 的值不合类型", "the value of {slot} is not of its kind"),
    "template.wording_forbidden": ("含有禁用措辞：{words}", "forbidden wording: {words}"),
    "template.words_unknown": (
        "请完整填写编号、名称、渠道、目的和语言",
        "say the code, name, channel, purpose and language",
    ),
}
