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
    "case.tag_held": ("案件已有标签 {tag}", "the case has the tag {tag} already"),
    "case.tag_missing": ("案件没有标签 {tag}", "the case has no tag {tag}"),
    "case.rule_missing": (
        "账簿 {book} 没有入催规则：先用 daihou cases rule 设定",
        "the book {book} has no entry rule: set one by daihou cases rule",
    ),
    "case.nobody_to_assign": (
        "没有可分案的催收员：请先登记小组与催收员，并授予本账簿的催收角色",
        "there is no collector to assign to: set up a team with collectors who may work this book",
    ),
    "assignment.person_twice": (
        "同一人不得重复分案",
        "a person is to be assigned twice",
    ),
    "assignment.collector_twice": (
        "同一催收员不得重复出现",
        "a collector is named twice",
    ),
    "case.not_collector": (
        "{user} 不是可处理本账簿案件的催收员",
        "{user} is not a collector who may work cases of this book",
    ),
    "case.collector_away": ("{user} 休假至 {until}", "{user} is away until {until}"),
    "case.collector_excluded": (
        "{user} 须回避该借款人",
        "{user} must not work this person's cases",
    ),
    "case.owned": ("案件已由 {by} 负责", "{by} owns the case"),
    "case.not_owned": ("案件没有负责人", "nobody owns the case"),
    "case.name_missing": ("请填写名称", "it needs a name"),
    "case.stage_unknown": ("未知的阶段 {stage}", "{stage} is not a stage"),
    "case.capacity_wrong": (
        "容量须在 {least} 至 {most} 之间",
        "capacity is from {least} to {most}",
    ),
    "case.exclusion_missing": ("没有该项回避", "there is no such exclusion"),
    "affordability.missing": (
        "请先填写收支表（{days} 天内）",
        "an income and expense form of the last {days} days is needed first",
    ),
    "affordability.line_unknown": ("未知的收支项目 {line}", "{line} is not a line of the form"),
    "affordability.amount_wrong": ("{line} 的金额无效", "the amount of {line} is not valid"),
    "affordability.household_wrong": ("家庭人口须为 1 至 {most}", "a household is 1 to {most}"),
    "affordability.in_future": ("陈述日晚于今天", "it was stated on a day yet to come"),
    "affordability.exceeded": (
        "方案最重的月份须还 {asked}（最小货币单位），超过月结余 {left}",
        "the plan asks for {asked} minor units in a month, more than the {left} that are left",
    ),
    "case.loan_not_in_it": ("借据 {loan} 不在案件中", "the loan {loan} is not in the case"),
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
