"""Messages of the REST API and its webhooks."""

from typing import Final

LINES: Final[dict[str, tuple[str, str]]] = {
    "api.not_authenticated": ("缺少有效的访问凭证", "a valid key or token is missing"),
    "api.scope_missing": ("该凭证没有权限 {scope}", "this key does not carry {scope}"),
    "api.scope_unknown": ("没有权限 {scope}", "there is no permission {scope}"),
    "api.not_allowed": ("无权进行此操作", "this is not allowed here"),
    "api.not_found": ("没有这个地址或对象", "there is no such address or thing"),
    "api.method_not_allowed": ("该地址不支持此方法", "this address does not take this method"),
    "api.request_invalid": ("请求无法读取，见 errors", "the request cannot be read; see errors"),
    "api.text_invalid": (
        "请求中有无法保存的字符或数值",
        "the request holds characters or figures that cannot be kept",
    ),
    "api.body_too_large": ("请求内容过大", "the request is too large"),
    "api.idempotency_key_missing": (
        "写操作须带 Idempotency-Key",
        "a write needs the header Idempotency-Key",
    ),
    "api.idempotency_key_invalid": (
        "Idempotency-Key 须为 1 至 255 个可见 ASCII 字符",
        "an Idempotency-Key is 1 to 255 visible ASCII characters",
    ),
    "api.idempotency_key_reused": (
        "该 Idempotency-Key 已用于另一请求",
        "this Idempotency-Key was used for another request",
    ),
    "api.idempotency_in_progress": (
        "同一 Idempotency-Key 的请求正在处理",
        "a request with this Idempotency-Key is being carried out",
    ),
    "api.cursor_invalid": ("cursor 无效", "the cursor is not one of ours"),
    "api.field_unknown": ("没有字段 {field}", "there is no field {field}"),
    "api.name_missing": ("须有名称", "a name is needed"),
    "api.client_unknown": ("没有客户端 {client}", "there is no client {client}"),
    "api.no_business_date": (
        "账簿 {book} 尚无会计日，请给出 as_of",
        "the book {book} has no business date yet; give as_of",
    ),
    "api.loan_not_in_case": (
        "案件 {case} 中没有所列借据",
        "a loan that is named is not in case {case}",
    ),
    "api.contact_person_in_writing": (
        "对联系人不得书面告知债务",
        "a contact person is told nothing in writing",
    ),
    "api.one_loan_needed": ("文字触达须指明一笔借据", "a text is about one loan: name it"),
    "api.template_unknown": (
        "没有可用的文本版本 {version}",
        "no text {version} may be sent here: approved, of this channel and loan",
    ),
    "api.permit_unknown": ("所列触达许可有不存在者", "a contact that is named is not of this book"),
    "api.person_unknown": ("所列人员有不存在者", "a person that is named is not a user"),
    "api.busy": ("该对象正被占用，请稍后重试", "this is being changed by another; try again"),
    "webhook.unknown": ("没有通知地址 {endpoint}", "there is no webhook {endpoint}"),
    "webhook.topic_missing": ("至少选择一个主题", "at least one topic is needed"),
    "webhook.url_refused": (
        "通知地址 {url} 不可用：须为公网 https 地址",
        "the webhook address {url} is refused: it must be https and public",
    ),
}
