"""The person as contacts are counted: one row, whatever the books, funders and agencies."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Subject(models.Model):
    """Its row is the lock under which a person is contacted; ``permits`` counts what she was given.

    Parties merged into one, and parties with the same identity number, share it. Once shared, it
    stays shared: an undone merge does not give anybody new slots.
    """

    permits = models.BigIntegerField(_("许可数"), db_default=0)
    united_into = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="united"
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("触达对象")
        verbose_name_plural = _("触达对象")
        constraints = [
            models.CheckConstraint(
                condition=Q(united_into__isnull=True) | ~Q(united_into=F("id")),
                name="contacts_subject_not_into_itself",
            ),
        ]

    def __str__(self) -> str:
        return f"subject {self.pk}"


class SubjectMember(models.Model):
    """Which subject a party is. ``is_current`` falls when a merge or a number may change that."""

    party = models.OneToOneField(
        "parties.Party", primary_key=True, on_delete=models.PROTECT, related_name="subject_member"
    )
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="members")
    is_current = models.BooleanField(db_default=True)

    class Meta:
        verbose_name = _("触达对象成员")
        verbose_name_plural = _("触达对象成员")

    def __str__(self) -> str:
        return f"party {self.party_id} is subject {self.subject_id}"
