"""Templates and their versions, and what providers say of them."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext, gettext_lazy as _

from daihou.collect.templates import Language as TextLanguage, Wording
from daihou.web.channels.models.accounts import Account, ChannelKind


class Purpose(models.TextChoices):
    REMINDER = "reminder", _("还款提醒")
    COLLECTION = "collection", _("催收")
    STATUTORY_NOTICE = "statutory_notice", _("法定告知")
    SERVICE_ANSWER = "service_answer", _("服务答复")
    RECEIPT = "receipt", _("收款回执")


class Language(models.TextChoices):
    CHINESE = "zh", _("中文")
    ENGLISH = "en", _("英文")


class VersionState(models.TextChoices):
    DRAFT = "draft", _("草稿")
    SUBMITTED = "submitted", _("待审批")
    APPROVED = "approved", _("已批准")
    RETIRED = "retired", _("已停用")


class ReviewState(models.TextChoices):
    WAITING = "waiting", _("服务商审核中")
    APPROVED = "approved", _("服务商已通过")
    REFUSED = "refused", _("服务商未通过")


class Identity(models.Model):
    """How the texts of a book name us, and where people can call us."""

    book = models.OneToOneField(
        "ledger.Book", primary_key=True, on_delete=models.PROTECT, related_name="identity"
    )
    institution = models.CharField(_("机构名称"), max_length=80)
    service_phone = models.CharField(_("客服电话"), max_length=40)

    class Meta:
        verbose_name = _("文本署名")
        verbose_name_plural = _("文本署名")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(institution="") & ~Q(service_phone=""),
                name="channels_identity_complete",
            ),
        ]

    def __str__(self) -> str:
        return self.institution


class Template(models.Model):
    """A text for one occasion, channel and language.

    No book: for every book. A funder's own goes before the book's, the book's before the house's.
    """

    book = models.ForeignKey(
        "ledger.Book", null=True, on_delete=models.PROTECT, related_name="templates"
    )
    funder = models.ForeignKey(
        "parties.Party", null=True, on_delete=models.PROTECT, related_name="+"
    )
    key = models.SlugField(_("编号"), max_length=40)
    name = models.CharField(_("名称"), max_length=80)
    channel = models.CharField(_("渠道"), max_length=12, choices=ChannelKind)
    purpose = models.CharField(_("目的"), max_length=20, choices=Purpose)
    language = models.CharField(_("语言"), max_length=2, choices=Language)

    class Meta:
        verbose_name = _("模板")
        verbose_name_plural = _("模板")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["key", "channel", "language", "book", "funder"],
                name="channels_template_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=~Q(key="")
                & Q(channel__in=ChannelKind.values)
                & Q(purpose__in=Purpose.values)
                & Q(language__in=Language.values),
                name="channels_template_words_known",
            ),
            models.CheckConstraint(
                condition=Q(funder__isnull=True) | Q(book__isnull=False),
                name="channels_template_funder_in_book",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.channel} {self.language}"

    @property
    def title(self) -> str:
        """Give its name: in the language of the request where it came with the program."""
        return gettext(self.name) if self.book_id is None else self.name


class TemplateVersion(models.Model):
    """A wording. The flags are computed from it; once submitted it changes no more (a trigger).

    ``made_by`` is empty for what came with the program. At most one version of a template is
    approved at a time.
    """

    template = models.ForeignKey(Template, on_delete=models.PROTECT, related_name="versions")
    version_no = models.PositiveIntegerField()
    subject = models.CharField(_("标题"), max_length=120, blank=True)
    body = models.TextField(_("正文"), max_length=2000)
    state = models.CharField(
        _("状态"), max_length=12, choices=VersionState, default=VersionState.DRAFT
    )
    names_creditor = models.BooleanField(_("写明债权人"))
    names_institution = models.BooleanField(_("写明本机构"))
    carries_debt_facts = models.BooleanField(_("含债务信息"))
    has_opt_out = models.BooleanField(_("含退订方式"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField(db_default=Now())
    approved_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("模板版本")
        verbose_name_plural = _("模板版本")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["template", "version_no"], name="channels_version_no_once"
            ),
            models.UniqueConstraint(
                fields=["template"],
                condition=Q(state=VersionState.APPROVED),
                name="channels_version_one_approved",
            ),
            models.CheckConstraint(
                condition=Q(state__in=VersionState.values) & ~Q(body="") & Q(version_no__gt=0),
                name="channels_version_sensible",
            ),
            models.CheckConstraint(
                condition=~Q(state=VersionState.APPROVED) | Q(approved_at__isnull=False),
                name="channels_version_approved_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template_id} v{self.version_no}"

    @property
    def wording(self) -> Wording:
        return Wording(
            subject=self.subject, body=self.body, language=TextLanguage(self.template.language)
        )


class Review(models.Model):
    """What a provider says of a version: its own number for it, once it has been passed.

    ``names`` gives the provider's name of a slot where it is not ours.
    """

    version = models.ForeignKey(TemplateVersion, on_delete=models.PROTECT, related_name="reviews")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="reviews")
    state = models.CharField(
        _("审核状态"), max_length=8, choices=ReviewState, default=ReviewState.WAITING
    )
    provider_template = models.CharField(_("服务商模板号"), max_length=64, blank=True)
    names = models.JSONField(default=dict)
    reason = models.CharField(_("未通过原因"), max_length=300, blank=True)
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("服务商审核")
        verbose_name_plural = _("服务商审核")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["version", "account"], name="channels_review_once"),
            models.CheckConstraint(
                condition=Q(state__in=ReviewState.values)
                & (~Q(state=ReviewState.APPROVED) | ~Q(provider_template="")),
                name="channels_review_numbered",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} of {self.version_id}: {self.state}"
