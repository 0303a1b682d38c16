"""Messages of persons and companies, their roles, consents and merges."""

from typing import Final

LINES: Final[dict[str, tuple[str, str]]] = {
    # Values and their checksums.
    "party.value_missing": ("请填写{field}", "the field {field} is empty"),
    "party.value_too_long": ("文字过长", "the text is too long"),
    "party.field_unknown": ("未知字段 {field}", "there is no field {field}"),
    "party.phone_wrong": ("电话号码无效", "this cannot be a phone number"),
    "party.email_wrong": ("电子邮箱无效", "this cannot be an e-mail address"),
    "party.id_form": (
        "身份证号须为 17 位数字加 1 位校验码",
        "an identity number has 17 digits and a check character",
    ),
    "party.id_old": (
        "15 位身份证号已停用，请补录 18 位号码",
        "identity numbers of 15 digits are void; note the one of 18",
    ),
    "party.id_region": ("身份证号的地区码无效", "the region of the identity number is unknown"),
    "party.id_date": (
        "身份证号的出生日期无效",
        "the date of birth in the identity number is impossible",
    ),
    "party.id_checksum": (
        "身份证号校验码不符",
        "the identity number does not agree with its check character",
    ),
    "party.code_form": (
        "统一社会信用代码须为 18 位",
        "a unified social credit code has 18 characters",
    ),
    "party.code_checksum": (
        "统一社会信用代码校验码不符",
        "the unified social credit code does not agree with its check character",
    ),
    "party.account_form": ("账号须为 8 至 32 位数字", "an account has 8 to 32 digits"),
    "party.account_checksum": (
        "银行卡号校验位不符",
        "the card number does not agree with its check digit",
    ),
    # Parties.
    "party.kind_unknown": ("主体类型 {kind} 未知", "there is no kind of party {kind}"),
    "party.name_missing": ("请填写姓名或名称", "a party needs a name"),
    "party.known": (
        "该证件号码已登记为 {party}",
        "this identity number is that of {party}, who is registered already",
    ),
    "party.value_known": ("该值已登记", "this value is known already"),
    "party.too_many_values": (
        "同一字段最多 {most} 个值",
        "a field has {most} values at most",
    ),
    "party.reason_missing": (
        "请填写理由（不超过 {most} 个字符）",
        "give a reason of at most {most} characters",
    ),
    "party.evidence_missing": (
        "请填写证据编号（不超过 {most} 个字符）",
        "say where the evidence is, in at most {most} characters",
    ),
    "party.data_deleted": (
        "{party} 的个人信息已依法删除，不再登记",
        "the personal data of {party} were lawfully deleted; none are noted any more",
    ),
    "party.merged": (
        "{party} 已并入其他主体，请选择保留的主体",
        "{party} was merged into another party; choose the one that was kept",
    ),
    "party.not_found": (
        "找不到该主体，请填写编号、电话或证件号码",
        "no party is found; give a reference, a phone or an identity number",
    ),
    "party.several": (
        "有 {count} 个主体符合，请填写编号",
        "{count} parties fit; give the reference of one",
    ),
    "party.loan_unknown": ("本账簿没有该借据", "this book has no such loan"),
    "party.number_wrong": ("数字无效", "this is no number"),
    "party.day_wrong": ("日期无效", "this is no day"),
    "party.days_wrong": ("止日早于起日", "the last day lies before the first"),
    # Identity checks.
    "party.provider_unknown": ("核验机构 {provider} 未接入", "no provider {provider} is installed"),
    "party.nothing_to_check": (
        "缺少姓名或证件号码，无法核验",
        "there is no name or no identity number to check",
    ),
    # Roles and links.
    "party.role_unknown": ("角色 {role} 未知", "there is no role {role}"),
    "party.role_of_borrower": (
        "该主体就是借款人本人",
        "this party is the borrower of the loan",
    ),
    "party.role_held": ("{party} 在该借据已有此角色", "{party} has this role on the loan already"),
    "party.role_ended": ("该角色已终止", "this role has ended already"),
    "party.contact_not_person": ("联系人须为自然人", "a contact person is a person"),
    "party.guarantee_wrong": (
        "保证方式、期间或最高额无效，或该角色不是保证人",
        "type, period or amount of the guarantee make no sense, or the role is no guarantor",
    ),
    "party.not_guarantor": ("该角色不是保证人", "this role is no guarantor"),
    "party.claimed_already": ("已登记主张权利日", "a claim on the guarantor is noted already"),
    "party.link_wrong": (
        "企业关系无效：须为自然人对机构，比例在 0 至 1 之间",
        "a link goes from a person to a company, with a share of 0 to 1",
    ),
    "party.link_held": ("该企业关系已登记", "this link is noted already"),
    "party.link_ended": ("该企业关系已终止", "this link has ended already"),
    # Consents.
    "consent.purpose_unknown": ("目的 {purpose} 未知", "there is no purpose {purpose}"),
    "consent.in_future": ("时间不得晚于现在", "the time lies in the future"),
    "consent.before_given": ("撤回早于同意", "the withdrawal lies before the consent"),
    "consent.withdrawn": ("该同意已撤回", "this consent was withdrawn already"),
    # Merges.
    "party.merge_itself": ("不能与自身合并", "a party is no duplicate of itself"),
    "party.merge_kinds": (
        "自然人与机构不能合并",
        "a person and a company are not one party",
    ),
    "party.merge_undone": ("该合并已撤销", "this merge was undone already"),
    "party.merge_under_another": (
        "保留的主体又已并入他人，请先撤销后一次合并",
        "the party that was kept was itself merged since; undo that merge first",
    ),
    # Where a person is reached, and what holds of her.
    "party.point_kind_unknown": (
        "联系方式类型 {kind} 未知",
        "there is no kind of contact point {kind}",
    ),
    "party.point_source_unknown": ("来源 {source} 未知", "there is no source {source}"),
    "party.point_value_gone": (
        "该联系方式的内容已删除或更换",
        "the value of this contact point was deleted or replaced",
    ),
    "party.basis_unproved": (
        "请选择使用依据并填写凭证",
        "choose a basis for the use and say where its proof is",
    ),
    "party.time_zone_unknown": ("时区 {time_zone} 未知", "there is no time zone {time_zone}"),
    "party.state_unknown": ("状态 {state} 未知", "there is no state {state}"),
    "party.state_of_person": ("该状态仅适用于自然人", "only a person can be in this state"),
    "party.state_held": ("该状态已登记", "this state is noted already"),
    "party.state_ended": ("该状态已终止", "this state has ended already"),
    "party.state_proved": ("该状态已核实", "this state was proved already"),
    "party.interest_goes_on": (
        "没有规则因该状态停止计息，或状态尚未核实",
        "no rule stops interest for this state, or it is not proved yet",
    ),
    "party.state_by_noter": (
        "登记人不能自行核实或终止，请由他人办理",
        "who noted a state does not prove or end it: somebody else does",
    ),
    # Cut-over from another system.
    "cutover.no_file": (
        "{path} 中没有可迁入的文件（{known}）",
        "there is no file to be taken over at {path} ({known})",
    ),
    "cutover.file_unreadable": ("无法读取 {path}：须为 UTF-8", "{path} cannot be read as UTF-8"),
    "cutover.columns_missing": (
        "{path} 缺少列 {columns}",
        "{path} lacks the columns {columns}",
    ),
    "cutover.too_many_rows": ("超过 {most} 行", "there are more than {most} rows"),
    "cutover.cell_wrong": ("{column} 的值无效", "the value of {column} cannot be taken"),
    "cutover.cell_missing": ("{column} 为空", "{column} is empty"),
    "cutover.party_unknown": ("本账簿没有该主体", "this book has no such party"),
    "cutover.loan_unknown": ("本账簿没有该借据", "this book has no such loan"),
    "cutover.number_unknown": (
        "该号码未登记，请先迁入联系方式",
        "this number is not on file; bring the contact points first",
    ),
    "cutover.in_future": ("{column} 晚于现在", "{column} lies in the future"),
    "cutover.too_old": (
        "{column} 早于 {days} 天，不再计数",
        "{column} is older than {days} days: nothing counts it any more",
    ),
    "cutover.no_case": (
        "该主体没有未结案件，请先运行日终",
        "this party has no open case; run the end of day first",
    ),
}
