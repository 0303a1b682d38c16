"""Training: exams, certificates, checks of collectors."""

from typing import Final

LINES: Final[dict[str, tuple[str, str]]] = {
    "exam.often_today": (
        "今天已考 {most} 次，请明天再考",
        "you took this exam {most} times today; try again tomorrow",
    ),
    "exam.questions_few": (
        "课程 {course} 的试题不足以组成一份试卷",
        "course {course} has too few questions for a paper",
    ),
    "exam.handed_in": ("这份试卷已经交过", "this paper has been handed in."),
    "training.evidence_missing": ("请填写证据编号", "say where the evidence is."),
    "training.own": (
        "不能登记自己的证书或核查结果",
        "nobody records a certificate or a check of her own",
    ),
    "training.in_future": ("日期不能晚于今天", "the day lies in the future."),
    "training.kind_unknown": (
        "没有名为 {kind} 的核查类型",
        "there is no kind of check named {kind}",
    ),
    "training.reason_missing": ("请填写理由", "give a reason."),
    "training.withdrawn": ("该证书已撤销", "this certificate is withdrawn already."),
    "question.incomplete": (
        "试题要有中英文题目、至少两个选项和一个正确项",
        "a question needs its text and two options or more in both languages, one of them right",
    ),
    "question.repeated": ("该课程已有这道题", "the course has this question already."),
}
