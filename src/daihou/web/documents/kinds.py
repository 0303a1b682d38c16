"""The documents that are made here."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class DocumentKind(models.TextChoices):
    STATEMENT = "statement", _("对账单")
    SCHEDULE = "schedule", _("还款计划")
    PAYOFF = "payoff", _("提前结清告知书")
    SETTLEMENT = "settlement", _("结清证明")
    OVERDUE = "overdue", _("逾期告知书")
    RESTRUCTURE = "restructure", _("调整还款计划协议")
    COST = "cost", _("综合融资成本明示表")
    RELEASE = "release", _("押品解除及权证领取函")
    ANSWER = "answer", _("投诉答复函")


class Language(models.TextChoices):
    CHINESE = "zh", _("中文")
    ENGLISH = "en", _("英文")
