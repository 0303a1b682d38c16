"""Messages of cases: what cannot be done with them, and why."""

from typing import Final

LINES: Final[dict[str, tuple[str, str]]] = {
    "case.closed": ("案件已于 {on} 出催", "the case was closed on {on}"),
    "case.locked": ("{by} 正在处理该案件", "{by} is working this case"),
    "case.reason_missing": ("请填写内容", "say what or why"),
    "case.text_too_long": ("最多 {most} 个字符", "{most} characters at most"),
    "case.rule_wrong": (
        "入催金额须大于出催金额，天数与分钟数不得为负",
        "the amount to enter has to be above the amount to leave; days and minutes not negative",
    ),
    "case.rule_in_past": (
        "{on} 已日终，规则只能从之后的日期起生效",
        "the cases have followed the end of {on} already; a rule begins on a later day",
    ),
    "case.direction_unknown": ("未知的例外类型 {kind}", "{kind} is not a kind of exception"),
    "case.direction_days": ("结束日早于起始日", "it ends before it begins"),
    "case.direction_missing": ("没有生效中的例外", "there is no exception in force"),
    "case.view_unknown": ("未知的视图或排序 {view}", "{view} is not a view or an order"),
    "case.cursor_unreadable": ("页码无法识别", "the place in the list cannot be read"),
    "case.tag_unknown": ("未知的标签 {tag}", "{tag} is not a tag"),
    "case.tag_missing": ("案件没有标签 {tag}", "the case has no tag {tag}"),
    "case.unknown": ("没有案件 {case}", "there is no case {case}"),
    "promise.kind_unknown": ("未知的承诺类型 {kind}", "{kind} is not a type of promise"),
    "promise.parts_missing": ("承诺没有日期和金额", "the promise has no date and amount"),
    "promise.parts_not_one": (
        "只有分次还款的承诺可以有多个日期",
        "only a promise in instalments has more than one date",
    ),
    "promise.parts_out_of_order": (
        "各次日期须依次递增",
        "the dates have to follow one another, each once",
    ),
    "promise.amount_not_positive": ("承诺金额必须为正", "a promised amount must be positive"),
    "promise.before_made": ("承诺日早于今天", "the promised day lies in the past"),
    "promise.threshold_wrong": ("履约比例须为 1 至 100", "the threshold is from 1 to 100 percent"),
    "promise.too_far": (
        "承诺日最远为 {most} 天之后",
        "the promised day is {most} days from now at most",
    ),
    "promise.not_open": ("该承诺已不在承诺期内", "the promise is not open any more"),
}
