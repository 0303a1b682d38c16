"""What the intake of payments says: code → (Chinese, English)."""

from typing import Final

LINES: Final[dict[str, tuple[str, str]]] = {
    # Channels.
    "channel.adapter_unknown": ("没有接口 {adapter}", "there is no adapter {adapter}"),
    "channel.exists": ("渠道 {channel} 已存在", "there is a channel {channel} already"),
    "channel.key_unusable": (
        "渠道公钥不可用：需要 2048 位以上的 RSA 公钥",
        "a public key of the channel is not RSA of 2048 bits or more",
    ),
    "channel.name_refused": (
        "渠道名称 {name} 不可用：须为 1 至 32 个小写字母、数字、- 或 _",
        "the name {name} is refused: 1 to 32 of a-z, 0-9, - and _",
    ),
    "channel.not_a_sandbox": (
        "渠道密钥 {secret_ref} 不是沙箱",
        "the keys {secret_ref} are not a sandbox's",
    ),
    "channel.secret_ref_wrong": (
        "接口 {adapter}：手工渠道不要密钥文件，其他渠道必须有",
        "for {adapter}: a channel by hand has no file of keys, every other one has",
    ),
    "channel.secrets_missing": (
        "缺少渠道密钥文件 {path}",
        "the keys of the channel are missing: {path}",
    ),
    "channel.secrets_unreadable": (
        "渠道密钥文件 {path} 无法读取",
        "the keys of the channel cannot be read: {path}",
    ),
    "channel.takes_no_messages": (
        "{adapter} 渠道不接收通知或文件",
        "a channel of {adapter} takes no messages and no files",
    ),
    "channel.unknown": ("没有渠道 {channel}", "there is no channel {channel}"),
    # Notices.
    "notice.amount_wrong": ("通知中的金额无效", "the notice states no valid amount"),
    "notice.header_missing": ("通知缺少 {header}", "the notice lacks {header}"),
    "notice.in_future": (
        "通知的签名时间 {sent_at} 在未来",
        "the notice was signed in the future, at {sent_at}",
    ),
    "notice.key_unknown": ("没有证书 {serial}", "there is no key {serial}"),
    "notice.kind_unknown": ("不认识的通知类型 {kind}", "a notice of an unknown kind: {kind}"),
    "notice.malformed": ("通知无法读取", "the notice cannot be read"),
    "notice.not_for_us": ("通知不是发给本商户的", "the notice is meant for somebody else"),
    "notice.replayed": ("该通知的随机串已使用过", "the nonce of this notice was used before"),
    "notice.signature_wrong": ("签名错误", "the signature is wrong"),
    "notice.too_large": ("通知超过 {most} 字节", "the notice has more than {most} bytes"),
    "notice.too_old": (
        "通知的签名时间 {sent_at} 过早",
        "the notice was signed too long ago, at {sent_at}",
    ),
    # Payments.
    "payment.currency_mismatch": (
        "币种与账簿不符",
        "the currency is not the book's",
    ),
    "payment.in_future": ("付款时间 {paid_at} 在未来", "the payment lies in the future: {paid_at}"),
    "payment.overpaid": ("借据已结清，款项有余", "the loan is settled and money is left over"),
    "payment.reference_conflict": (
        "流水号 {reference} 已有不同内容的收款；已登记差异",
        "{reference} is known with other contents; a break was raised",
    ),
    "payment.unmatched": ("找不到对应借据", "no loan was found for this payment"),
    "refund.above_payment": (
        "退款合计超过原付款",
        "the refunds together exceed the payment",
    ),
    "refund.above_suspense": (
        "退款超过暂收余额",
        "the refund exceeds what is left in suspense",
    ),
    "refund.before_payment": ("退款先于原付款到达", "the refund came before its payment"),
    # Bills.
    "bill.amount_wrong": ("金额无效", "this is not a valid amount"),
    "bill.column_missing": ("账单缺少列：{columns}", "the bill lacks the columns {columns}"),
    "bill.currency_wrong": ("币种无效", "this is not a currency"),
    "bill.day_wrong": ("日期无效", "this is not a day"),
    "bill.kind_unknown": ("不认识的业务类型", "the kind of this line is unknown"),
    "bill.malformed": ("账单无法读取", "the bill cannot be read"),
    "bill.reference_wrong": ("流水号缺失或过长", "a reference is missing or too long"),
    "bill.empty": ("账单没有可读的明细", "the bill has no line that can be read"),
    # Entries by hand.
    "entry.amount_wrong": ("金额无效", "the amount is not valid"),
    "entry.loan_unknown": ("没有借据 {loan_ref}", "there is no loan {loan_ref}"),
    "entry.not_manual": (
        "渠道 {channel} 不接受手工录入",
        "the channel {channel} takes no entries by hand",
    ),
    "entry.reference_wrong": (
        "凭证号只能含字母、数字和 . - : / _",
        "a voucher's number has letters, digits and . - : / _ only",
    ),
    "entry.voucher_missing": (
        "缺少凭证文件（SHA-256 摘要）",
        "the voucher's file is missing (its SHA-256)",
    ),
    # Reconciliation.
    "break.nobody": ("没有用户 {name}", "there is nobody called {name}"),
    "break.settled_already": ("差异已处理：{state}", "the break is settled already: {state}"),
    "reason.missing": ("请说明原因", "a reason is needed"),
    "reason.too_long": ("原因超过 {most} 字", "the reason has more than {most} characters"),
    "reconciliation.days_missing": (
        "请给出账单文件或起止日期",
        "give the channel's bill, or the first and last day",
    ),
    "reconciliation.days_wrong": (
        "起始日晚于终止日",
        "the first day is after the last",
    ),
    # Debits and suspense.
    "debit.nothing_to_plan": (
        "当日没有可扣款项（无签约、未到期或已达次数上限）",
        "nothing is to be debited on that day: no mandate, nothing due, or tried often enough",
    ),
    "debit.not_offered": ("{adapter} 不支持代扣", "{adapter} does not debit anybody"),
    "debit.mandate_ended": (
        "签约 {reference} 已解约，批次不能送出",
        "the mandate {reference} has ended: the batch cannot be sent",
    ),
    "mandate.ended_already": ("签约已于 {on} 解约", "the mandate ended on {on} already"),
    "mandate.ends_before_it_begins": (
        "解约日早于签约日",
        "the mandate would end before it was signed",
    ),
    "mandate.evidence_missing": (
        "缺少签约文件（SHA-256 摘要）",
        "the signed agreement is missing (its SHA-256)",
    ),
    "mandate.exists": (
        "签约 {reference} 已存在，或该借据已有有效签约",
        "the mandate {reference} exists, or the loan has one in force",
    ),
    "mandate.other_book": (
        "借据与渠道不在同一账簿",
        "the loan and the channel are of different books",
    ),
    "mandate.reference_missing": (
        "缺少协议号或扣款账号",
        "the agreement's number or the account is missing",
    ),
    "mandate.unknown": ("没有签约 {reference}", "there is no mandate {reference}"),
    "suspense.loan_twice": ("同一借据出现两次", "a loan stands there twice"),
    "suspense.loan_unknown": ("没有借据 {loan_ref}", "there is no loan {loan_ref}"),
    "suspense.settled_already": ("暂收款已处理", "this suspended money is settled already"),
    "suspense.too_much": (
        "暂收余额 {left}，不足 {wanted}",
        "{left} is left in suspense, which is less than {wanted}",
    ),
    # Pay links.
    "link.channel_wrong": (
        "该渠道不能收款或不属于本账簿",
        "this channel takes no payments, or is not of this book",
    ),
    "link.amount_wrong": (
        "金额须大于零且不超过当日结清金额",
        "the amount has to be more than nothing and at most what pays the loan off",
    ),
    "link.days_wrong": (
        "有效期须为 5 分钟至 {days} 天",
        "a link lives for 5 minutes to {days} days",
    ),
    "link.too_many": (
        "同一借据最多 {most} 个有效链接",
        "a loan has {most} open links at most",
    ),
    "link.paid_already": ("该链接已付款", "this link was paid already"),
    "order.not_offered": ("接口 {adapter} 不能下单", "the adapter {adapter} takes no orders"),
    "order.refused": ("渠道拒绝下单：{reply}", "the provider refused the order: {reply}"),
    "order.no_answer": ("渠道未应答：{text}", "the provider gave no answer: {text}"),
}
