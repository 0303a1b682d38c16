"""Quality: samples, reviews, appeals, score sheets."""

from typing import Final

LINES: Final[dict[str, tuple[str, str]]] = {
    "quality.drawn_already": ("该触达已在质检清单中", "this contact is on the list already"),
    "quality.own_contact": ("不能质检自己的触达", "nobody reviews a contact of her own"),
    "quality.taken": ("已由其他质检员领取", "another reviewer has taken it up"),
    "quality.reviewed": ("该样本已评分", "this sample has been reviewed"),
    "quality.marks_incomplete": (
        "每个评分项都要有不超过满分的得分",
        "every item needs points, no more than it has",
    ),
    "quality.no_sheet": ("当日没有生效的评分表", "no score sheet is in force on this day"),
    "quality.not_hers": ("只能申诉自己的触达", "only the collector herself can appeal"),
    "quality.reason_missing": ("请填写理由", "give a reason"),
    "quality.appealed": ("已经申诉过", "this review has been appealed"),
    "quality.own_review": (
        "评分人不能裁决对自己评分的申诉",
        "who wrote the review does not decide on the appeal",
    ),
    "quality.decided": ("该申诉已裁决", "this appeal has been decided"),
    "quality.sheet_incomplete": (
        "每项都要有不重复的编号、中英文说明和分值",
        "every item needs a code of its own, both texts and points",
    ),
    "quality.sheet_in_past": ("生效日须晚于今天", "a sheet takes effect after today"),
    "quality.sheet_repeated": ("该日已有评分表生效", "another sheet takes effect on that day"),
}
