"""Words for values that messages name: what stands in a brace → value → (Chinese, English)."""

from typing import Final

WORDS: Final[dict[str, dict[str, tuple[str, str]]]] = {
    "component": {
        "principal": ("本金", "principal"),
        "interest": ("利息", "interest"),
        "fee": ("费用", "fees"),
        "penalty": ("罚息", "penalty"),
        "compound_interest": ("复利", "compound interest"),
    },
    "basis": {
        "irr_times_twelve": ("内部收益率×12", "12 times the monthly internal rate of return"),
        "effective": ("实际年化", "the effective yearly rate"),
    },
    "payee": {
        "lender": ("放贷主体", "the lender"),
        "guarantor": ("担保方", "the guarantor"),
        "insurer": ("保险公司", "the insurer"),
        "platform": ("平台", "the platform"),
        "third_party": ("第三方", "a third party"),
    },
    "state": {
        "draft": ("草稿", "a draft"),
        "submitted": ("待审批", "submitted"),
        "approved": ("已批准", "approved"),
        "retired": ("已停用", "retired"),
        "pending": ("待审批", "pending"),
        "carried_out": ("已执行", "carried out"),
        "refused": ("已拒绝", "refused"),
        "withdrawn": ("已撤回", "withdrawn"),
        "expired": ("已过期", "expired"),
        "fulfilled": ("已履行", "fulfilled"),
        "broken": ("已失效", "broken"),
        "paid_out": ("已放款", "paid out"),
        "cancelled": ("已取消", "cancelled"),
        "resolved": ("已解决", "resolved"),
        "cleared": ("已自行相符", "cleared by itself"),
    },
}
