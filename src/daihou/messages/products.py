"""Messages of products, their versions and cost tables, and of opening loans on them."""

from typing import Final

LINES: Final[dict[str, tuple[str, str]]] = {
    "product.code_wrong": (
        "产品编号 {product} 无效：须为 1 至 40 位字母、数字、点、横线或下划线",
        "the product code {product} is not 1 to 40 letters, digits, dots, hyphens or underscores",
    ),
    "product.name_wrong": (
        "产品名称须为 1 至 {most} 个字符",
        "a product's name has 1 to {most} characters",
    ),
    "product.exists": ("产品 {product} 已存在", "the product {product} exists already"),
    "product.not_draft": (
        "该版本已不是草稿（{state}），不能修改",
        "this version is no draft any more ({state}); it cannot be edited",
    ),
    "product.not_submitted": (
        "该版本未在待审批状态（{state}）",
        "this version is not submitted ({state})",
    ),
    "product.not_approved": (
        "该版本未获批准（{state}）",
        "this version is not approved ({state})",
    ),
    "product.approval_pending": (
        "审批尚未办结，请先撤回申请",
        "the request is still to be decided; withdraw it first",
    ),
    "product.imported": (
        "随借据导入的版本只作记录，不能停用",
        "an imported version is a record; it cannot be retired",
    ),
    "product.reason_missing": (
        "请填写理由（不超过 {most} 个字符）",
        "give a reason of at most {most} characters",
    ),
    "product.versions_overlap": (
        "产品 {product} 在 {on} 起已有另一获批版本",
        "another approved version of {product} holds from {on} on",
    ),
    "product.lender_type_missing": ("请选择放贷机构类型", "choose whose loans these are"),
    "product.lender_type_unknown": ("放贷机构类型未知", "the type of lender is unknown"),
    "product.days_wrong": ("失效日早于生效日", "the last day lies before the first"),
    "product.note_too_long": (
        "说明不得超过 {most} 个字符",
        "the note is longer than {most} characters",
    ),
    "product.no_sample": (
        "无法生成示例还款计划：{detail}",
        "no sample schedule can be made: {detail}",
    ),
    "product.no_version": (
        "产品 {product} 在 {on} 没有获批版本",
        "the product {product} has no approved version on {on}",
    ),
    "product.version_unknown": (
        "产品 {product} 没有第 {version} 版",
        "the product {product} has no version {version}",
    ),
    "product.principal_wrong": ("金额 {text} 无效", "the amount {text} makes no sense"),
    "product.not_in_force": (
        "产品 {product} 第 {version} 版在 {on} 不可放款",
        "version {version} of {product} opens no loans that start on {on}",
    ),
    # The cost table.
    "cost.too_many": ("明示表最多 {most} 项", "a cost table has {most} items at most"),
    "cost.code_twice": ("费用项 {item} 重复", "the item {item} stands twice in the cost table"),
    "cost.code_wrong": (
        "费用项编号 {item} 无效：须以小写字母开头，仅含小写字母、数字、下划线",
        "the item code {item} is not lower-case letters, digits and underscores",
    ),
    "cost.text_missing": (
        "费用项 {item} 须写明收费标准和收取主体",
        "the item {item} must say its standard and its payee",
    ),
    "cost.text_too_long": (
        "费用项 {item} 的文字过长",
        "the texts of the item {item} are too long",
    ),
    "cost.contingent_wrong": (
        "费用项 {item}：或有费用须且仅须为“发生时收取”",
        "the item {item} is contingent exactly if it is charged on an event",
    ),
    "cost.amount_wrong": (
        "费用项 {item}：计划外收取的须填比例或金额之一，计划内的不填；不得为本金",
        (
            "the item {item} needs either a share or an amount where it is charged beside the "
            "schedule, none otherwise, and is never principal"
        ),
    ),
    "cost.component_missing": (
        "明示表缺少条款收取的科目 {component}",
        "the cost table leaves out what the terms charge: {component}",
    ),
    "cost.prepayment_wrong": (
        (
            "费用项 {item}：提前还款违约金须为“发生时收取”的费用，"
            "不超过剩余本金的 100% 或 {most} 个月利息"
        ),
        (
            "the item {item}: what paying off early costs is a fee charged only if it happens, at "
            "most 100 % of the principal or {most} months of interest"
        ),
    ),
    "cost.prepayment_twice": (
        "明示表只能有一项提前还款违约金",
        "a cost table has one fee for paying off early at most",
    ),
    # Ranges.
    "range.principal_wrong": ("金额范围无效", "the range of principal makes no sense"),
    "range.count_wrong": ("期数范围无效", "the range of instalments makes no sense"),
    "range.rate_wrong": ("利率范围无效", "the range of rates makes no sense"),
    "range.method_free": (
        "产品版本不能使用约定日期和金额的方式",
        "a version cannot use agreed dates and amounts: those are a single loan's",
    ),
    "range.own_terms_outside": (
        "该版本自身的条款超出范围：{field}",
        "the version's own terms lie outside its ranges: {field}",
    ),
    # Opening loans.
    "loan.ref_wrong": (
        "借据号 {loan_ref} 无效：须为 1 至 64 位字母、数字、点、横线、斜线或下划线",
        "the loan reference {loan_ref} is not 1 to 64 letters, digits and . - / _",
    ),
    "loan.exists": ("借据 {loan_ref} 已存在", "the loan {loan_ref} exists already"),
    "loan.start_wrong": (
        "起始日 {on} 须在会计日 {business_date} 起一年之内",
        "the start {on} is not within a year from the business date {business_date}",
    ),
    "loan.outside_range": (
        "超出产品版本的范围：{field}",
        "outside what the product version allows: {field}",
    ),
    "loan.borrower_merged": (
        "借款人 {party} 已并入他人，请选择保留的主体",
        "the borrower {party} was merged into another party; choose the one that was kept",
    ),
}
