"""Lines of visits."""

from typing import Final

LINES: Final[dict[str, tuple[str, str]]] = {
    "visit.case_not_open": ("案件已出催，不能安排外访。", "The case is closed: nobody is sent."),
    "visit.clock_wrong": (
        "手机时间与服务器不符，请校准后重试。",
        "The phone's clock differs from ours. Set it and try again.",
    ),
    "visit.entered_alone": (
        "无人同意，不能登记为已进门。",
        "Nobody was there who could have consented to your entering.",
    ),
    "visit.goal_missing": ("请填写外访目的。", "Say what the visit is for."),
    "visit.identity_not_shown": (
        "与人交谈前须出示证件。",
        "Whom you speak to has to see your identification first.",
    ),
    "visit.key_taken": ("该提交编号已用于另一次外访。", "This key was used for another visit."),
    "visit.not_a_field_collector": ("{user} 没有外访资格。", "{user} may not make visits."),
    "visit.not_a_picture": ("只能上传照片。", "Only pictures are taken here."),
    "visit.not_an_address": ("外访须有地址。", "A visit needs an address."),
    "visit.not_hers": (
        "只有本次外访的两名人员可以登记。",
        "Only the two collectors of this visit may say so.",
    ),
    "visit.not_planned": ("该外访已开始或已取消。", "This visit has begun or was called off."),
    "visit.not_under_way": ("请先签到。", "Check in first."),
    "visit.note_too_long": ("经过最多 {most} 字。", "At most {most} characters."),
    "visit.one_is_open": (
        "该案件已有一次待访。",
        "A visit to this person is planned already.",
    ),
    "visit.outside_window": (
        "不在本次外访的时间窗内：不记录时间与位置。",
        "Outside the window of this visit: neither time nor place is kept.",
    ),
    "visit.reason_missing": ("请填写取消原因。", "Say why it is called off."),
    "visit.recording_missing": (
        "与人交谈须全程录音录像，请填写编号。",
        "A talk is recorded: give the recording's reference.",
    ),
    "visit.two_collectors": ("外访须两人以上。", "It takes two collectors to visit."),
    "visit.window_wrong": (
        "时间窗须在 {hours} 小时以内，且结束晚于开始。",
        "A window ends after it begins and lasts {hours} hours at most.",
    ),
}
