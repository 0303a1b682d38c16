"""Letters on paper: typeset, put into a batch, printed, posted, perhaps returned."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from daihou.web.channels.models.accounts import Account


class BatchState(models.TextChoices):
    OPEN = "open", _("待打印")
    PRINTED = "printed", _("已打印")
    POSTED = "posted", _("已交寄")


class LetterBatch(models.Model):
    """What is printed and posted together."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="batches")
    made_on = models.DateField(_("制作日"))
    state = models.CharField(_("状态"), max_length=8, choices=BatchState, default=BatchState.OPEN)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    printed_at = models.DateTimeField(null=True)
    posted_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("信函批次")
        verbose_name_plural = _("信函批次")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=BatchState.values)
                & (Q(state=BatchState.OPEN) | Q(printed_at__isnull=False))
                & (~Q(state=BatchState.POSTED) | Q(posted_at__isnull=False)),
                name="channels_batch_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.made_on}: {self.state}"


class Letter(models.Model):
    """One letter; ``address`` and ``name`` are sealed, for the window and the manifest."""

    permit_ref = models.CharField(max_length=64, unique=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="letters")
    batch = models.ForeignKey(
        LetterBatch, null=True, on_delete=models.PROTECT, related_name="letters"
    )
    file = models.ForeignKey("archive.File", on_delete=models.PROTECT, related_name="+")
    name = models.TextField()
    address = models.TextField()
    tracking_no = models.CharField(_("邮件号"), max_length=40, blank=True)
    made_at = models.DateTimeField(db_default=Now())
    returned_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("信函")
        verbose_name_plural = _("信函")
        indexes: ClassVar = [
            models.Index(
                fields=["account", "id"],
                condition=Q(batch__isnull=True),
                name="channels_letter_waiting",
            ),
        ]

    def __str__(self) -> str:
        return self.permit_ref

    @property
    def is_told(self) -> bool:
        """Tell whether the post has said what became of it."""
        return self.returned_at is not None or self.delivered_at is not None
