"""Persons and companies, and, kept apart from them, their personal data.

A party outlives its personal data: lawful deletion removes the data rows; loans, events and the
party itself stay. A datum is encrypted for its own place (party, field, position) and found again
only by its blind index; the keys are outside the database.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class PartyKind(models.TextChoices):
    PERSON = "person", _("自然人")
    COMPANY = "company", _("机构")


class Field(models.TextChoices):
    NAME = "name", _("姓名或名称")
    ID_NUMBER = "id_number", _("证件号码")
    PHONE = "phone", _("电话")
    EMAIL = "email", _("电子邮箱")
    ADDRESS = "address", _("地址")
    BANK_ACCOUNT = "bank_account", _("银行账号")
    WECHAT = "wechat", _("微信标识")
    PUSH = "push", _("推送标识")


class Party(models.Model):
    """``source`` says whose reference ``reference`` is: a book's name, or empty for our own.

    ``merged_into`` is set while the party counts as a duplicate of another. ``family`` is kept on a
    copy in memory by ``queries.keep_family``, for a page that asks many things of one person.
    """

    family: tuple[int, ...] | None = None

    kind = models.CharField(_("类型"), max_length=8, choices=PartyKind)
    source = models.CharField(_("来源"), max_length=64, blank=True)
    reference = models.CharField(_("编号"), max_length=128)
    created_at = models.DateTimeField(db_default=Now())
    personal_data_deleted_at = models.DateTimeField(_("个人信息删除时间"), null=True, blank=True)
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged"
    )

    class Meta:
        verbose_name = _("主体")
        verbose_name_plural = _("主体")
        constraints = [
            models.UniqueConstraint(fields=["source", "reference"], name="parties_party_once"),
            models.CheckConstraint(
                condition=Q(kind__in=PartyKind.values), name="parties_party_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")),
                name="parties_party_not_into_itself",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source}/{self.reference}"


class PersonalDatum(models.Model):
    """``ciphertext`` is nonce and AES-256-GCM output; ``blind_index`` a keyed digest."""

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="personal_data")
    field = models.CharField(max_length=16, choices=Field)
    position = models.PositiveSmallIntegerField(default=0)
    key_id = models.CharField(max_length=16)
    ciphertext = models.BinaryField()
    blind_index = models.BinaryField(max_length=32)

    class Meta:
        verbose_name = _("个人信息")
        verbose_name_plural = _("个人信息")
        constraints = [
            models.UniqueConstraint(
                fields=["party", "field", "position"], name="parties_personaldatum_place"
            ),
            models.CheckConstraint(
                condition=Q(field__in=Field.values), name="parties_personaldatum_field_known"
            ),
        ]
        indexes = [
            models.Index(fields=["field", "blind_index"], name="parties_personaldatum_blind"),
        ]

    def __str__(self) -> str:
        return f"{self.field} of party {self.party_id}"


class Role(models.TextChoices):
    """Of a party on a loan; its borrower is the loan's own ``person``."""

    CO_BORROWER = "co_borrower", _("共同借款人")
    GUARANTOR = "guarantor", _("保证人")
    CONTACT = "contact", _("联系人")


class GuaranteeType(models.TextChoices):
    GENERAL = "general", _("一般保证")
    JOINT = "joint", _("连带责任保证")


class LoanRole(models.Model):
    """What a party is to a loan from a day until, where it ended, another.

    A guarantee that does not say its type is general; one that does not say its period (months
    after the debt falls due) has the statutory one. ``claimed_on`` is the day of the act within
    the period that keeps it alive; ``claim_evidence`` says where its proof is.
    """

    loan = models.ForeignKey("loans.Loan", on_delete=models.PROTECT, related_name="roles")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="roles")
    role = models.CharField(_("角色"), max_length=12, choices=Role)
    guarantee_type = models.CharField(
        _("保证方式"), max_length=8, choices=GuaranteeType, blank=True
    )
    guarantee_months = models.PositiveSmallIntegerField(_("保证期间（月）"), null=True)
    guarantee_most_minor = models.BigIntegerField(_("保证最高额"), null=True)
    claimed_on = models.DateField(_("主张权利日"), null=True)
    claim_evidence = models.CharField(_("主张权利证据"), max_length=200, blank=True)
    relation = models.CharField(_("与借款人关系"), max_length=40, blank=True)
    started_on = models.DateField(_("起"))
    ended_on = models.DateField(_("止"), null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("借据角色")
        verbose_name_plural = _("借据角色")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["loan", "party", "role"],
                condition=Q(ended_on__isnull=True),
                name="parties_loanrole_once",
            ),
            models.CheckConstraint(
                condition=Q(role__in=Role.values)
                & (Q(guarantee_type="") | Q(guarantee_type__in=GuaranteeType.values)),
                name="parties_loanrole_words_known",
            ),
            models.CheckConstraint(
                condition=Q(role=Role.GUARANTOR)
                | Q(
                    guarantee_type="",
                    guarantee_months__isnull=True,
                    guarantee_most_minor__isnull=True,
                    claimed_on__isnull=True,
                ),
                name="parties_loanrole_guarantee",
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=F("started_on")),
                name="parties_loanrole_days_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.party_id} of loan {self.loan_id}"


class LinkKind(models.TextChoices):
    OWNER = "owner", _("股东")
    CONTROLLER = "controller", _("实际控制人")
    LEGAL_REPRESENTATIVE = "legal_representative", _("法定代表人")


class CompanyLink(models.Model):
    """A person behind a company: her own loans and the company's are seen together."""

    person = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="companies")
    company = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="people")
    kind = models.CharField(_("关系"), max_length=20, choices=LinkKind)
    share = models.DecimalField(_("持股比例"), max_digits=7, decimal_places=6, null=True)
    started_on = models.DateField(_("起"))
    ended_on = models.DateField(_("止"), null=True)

    class Meta:
        verbose_name = _("企业关系")
        verbose_name_plural = _("企业关系")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["person", "company", "kind"],
                condition=Q(ended_on__isnull=True),
                name="parties_companylink_once",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=LinkKind.values)
                & (Q(share__isnull=True) | Q(share__gt=0, share__lte=1)),
                name="parties_companylink_sensible",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.person_id} of {self.company_id}"


class Purpose(models.TextChoices):
    """What a person agreed to. Handling her own debt needs no consent (PIPL 13)."""

    CREDIT_QUERY = "credit_query", _("查询征信")
    CREDIT_REPORT = "credit_report", _("报送征信")
    SENSITIVE_DATA = "sensitive_data", _("处理敏感个人信息")
    SHARE_GUARANTOR = "share_guarantor", _("向担保方提供")
    SHARE_ASSIGNEE = "share_assignee", _("向受让方提供")
    AUTOMATED_DECISION = "automated_decision", _("自动化决策")
    CONTACT_PERSONS = "contact_persons", _("联系其联系人")
    MARKETING = "marketing", _("营销")


class Consent(models.Model):
    """Given once, never changed; a withdrawal is a row of its own."""

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="consents")
    purpose = models.CharField(_("目的"), max_length=20, choices=Purpose)
    given_at = models.DateTimeField(_("同意时间"))
    evidence = models.CharField(_("证据编号"), max_length=200)
    noted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    noted_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("同意")
        verbose_name_plural = _("同意")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(purpose__in=Purpose.values) & ~Q(evidence=""),
                name="parties_consent_proved",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} of party {self.party_id}"


class ConsentWithdrawal(models.Model):
    consent = models.OneToOneField(
        Consent, primary_key=True, on_delete=models.PROTECT, related_name="withdrawal"
    )
    withdrawn_at = models.DateTimeField(_("撤回时间"))
    reason = models.CharField(_("理由"), max_length=200, blank=True)
    noted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("撤回同意")
        verbose_name_plural = _("撤回同意")

    def __str__(self) -> str:
        return f"withdrawal of {self.consent_id}"


class CheckResult(models.TextChoices):
    MATCH = "match", _("一致")
    MISMATCH = "mismatch", _("不一致")
    UNKNOWN = "unknown", _("查无记录")
    UNAVAILABLE = "unavailable", _("未能核验")


class IdentityCheck(models.Model):
    """What a provider said of a party's name, number and phone together."""

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="checks")
    provider = models.CharField(_("核验机构"), max_length=40)
    fields = models.JSONField(_("核验要素"))
    result = models.CharField(_("结果"), max_length=12, choices=CheckResult)
    reference = models.CharField(_("流水号"), max_length=80, blank=True)
    checked_at = models.DateTimeField(_("核验时间"), db_default=Now())
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("身份核验")
        verbose_name_plural = _("身份核验")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(result__in=CheckResult.values), name="parties_check_result_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider}: {self.result}"


class Merge(models.Model):
    """``absorbed`` counts as ``kept``.

    ``moved`` names every row that followed, by table, so that undoing it moves back exactly these.
    """

    kept = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    absorbed = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(_("理由"), max_length=200)
    moved = models.JSONField(_("随之移动"), default=dict)
    merged_at = models.DateTimeField(_("合并时间"), db_default=Now())
    merged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    undone_at = models.DateTimeField(_("撤销时间"), null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    undone_reason = models.CharField(_("撤销理由"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("合并")
        verbose_name_plural = _("合并")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["absorbed"],
                condition=Q(undone_at__isnull=True),
                name="parties_merge_once_at_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(kept=F("absorbed")) & ~Q(reason=""), name="parties_merge_of_two"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.absorbed_id} into {self.kept_id}"


class NotDuplicate(models.Model):
    """Two parties that look alike and were found to be two; ``first`` is the lower id."""

    first = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    noted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    noted_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("并非重复")
        verbose_name_plural = _("并非重复")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["first", "second"], name="parties_notduplicate_once"),
            models.CheckConstraint(
                condition=Q(first__lt=F("second")), name="parties_notduplicate_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} is not {self.second_id}"


class PointKind(models.TextChoices):
    PHONE = "phone", _("电话")
    EMAIL = "email", _("电子邮箱")
    ADDRESS = "address", _("地址")
    ACCOUNT = "account", _("银行账号")
    WECHAT = "wechat", _("微信")
    PUSH = "push", _("应用推送")


class PointSource(models.TextChoices):
    CONTRACT = "contract", _("合同或账册")
    PERSON = "person", _("本人提供")
    DESK = "desk", _("坐席记录")
    CONTACT_PERSON = "contact_person", _("联系人提供")
    PREVIOUS = "previous", _("原系统迁入")
    OTHER = "other", _("其他合法来源")


class PointBasis(models.TextChoices):
    """Why a number or address may be used (PIPL 13); none known: it may not."""

    UNKNOWN = "", _("未知")
    CONTRACT = "contract", _("履行合同所必需")
    LEGAL_DUTY = "legal_duty", _("履行法定义务")
    CONSENT = "consent", _("本人同意")
    NAMED = "named", _("借款人约定的联系人")


class ContactPoint(models.Model):
    """Where a party is reached: a number, an address, an account.

    The value itself is the party's ``PersonalDatum`` of the same ``digest`` (its blind index):
    a value deleted or replaced there leaves a point behind that reaches nobody.
    """

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="contact_points")
    kind = models.CharField(_("类型"), max_length=8, choices=PointKind)
    digest = models.BinaryField(max_length=32)
    source = models.CharField(_("来源"), max_length=16, choices=PointSource)
    basis = models.CharField(_("使用依据"), max_length=12, choices=PointBasis, blank=True)
    basis_evidence = models.CharField(_("依据凭证"), max_length=200, blank=True)
    valid_from = models.DateField(_("有效自"), null=True, blank=True)
    valid_until = models.DateField(_("有效至"), null=True, blank=True)
    last_success_at = models.DateTimeField(_("最近接通"), null=True, blank=True)
    wrong_party_at = models.DateTimeField(_("发现非本人"), null=True, blank=True)
    time_zone = models.CharField(_("时区"), max_length=40, blank=True)
    noted_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("联系方式")
        verbose_name_plural = _("联系方式")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["party", "kind", "digest"], name="parties_contactpoint_once"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=PointKind.values)
                & Q(source__in=PointSource.values)
                & Q(basis__in=PointBasis.values),
                name="parties_contactpoint_words_known",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="parties_contactpoint_days_in_order",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["kind", "digest"], name="parties_contactpoint_digest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk} of party {self.party_id}"


class ReachTally(models.Model):
    """How often a point was tried, and answered by its person, in an hour of its own clock."""

    point = models.ForeignKey(ContactPoint, on_delete=models.PROTECT, related_name="tallies")
    weekday = models.PositiveSmallIntegerField()  # 1 Monday to 7 Sunday, ISO 8601.
    hour = models.PositiveSmallIntegerField()
    tried = models.PositiveIntegerField(default=0)
    reached = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("接通时段")
        verbose_name_plural = _("接通时段")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["point", "weekday", "hour"], name="parties_reachtally_once"
            ),
            models.CheckConstraint(
                condition=Q(weekday__range=(1, 7), hour__range=(0, 23), reached__lte=F("tried")),
                name="parties_reachtally_sensible",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.point_id}: {self.reached} of {self.tried}"


class StateKind(models.TextChoices):
    DECEASED = "deceased", _("死亡")
    INCAPABLE = "incapable", _("无民事行为能力")
    BANKRUPT = "bankrupt", _("破产")
    IDENTITY_THEFT = "identity_theft", _("身份被冒用")
    HARDSHIP = "hardship", _("经济困难")
    VULNERABLE = "vulnerable", _("弱势")
    ATTORNEY = "attorney", _("委托律师")
    IN_CUSTODY = "in_custody", _("被羁押")
    BREATHING_SPACE = "breathing_space", _("法定宽限")
    MISSING = "missing", _("下落不明")


class PersonState(models.Model):
    """What holds of a person from a day until, where it ended, another.

    Reported by somebody at first; proved once its ``evidence`` was seen (``proved_at``). A row is
    never deleted; it is proved once and ended once.
    """

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="states")
    kind = models.CharField(_("状态"), max_length=16, choices=StateKind)
    started_on = models.DateField(_("起"))
    ended_on = models.DateField(_("止"), null=True, blank=True)
    note = models.CharField(_("说明"), max_length=200)
    evidence = models.CharField(_("证据"), max_length=200, blank=True)
    proved_at = models.DateTimeField(_("核实时间"), null=True, blank=True)
    proved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    noted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    noted_at = models.DateTimeField(db_default=Now())
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    end_reason = models.CharField(_("终止理由"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("个人状态")
        verbose_name_plural = _("个人状态")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["party", "kind"],
                condition=Q(ended_on__isnull=True),
                name="parties_personstate_once",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=StateKind.values) & ~Q(note=""),
                name="parties_personstate_said",
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True)
                | Q(ended_on__gte=F("started_on"), ended_by__isnull=False) & ~Q(end_reason=""),
                name="parties_personstate_ended_with_reason",
            ),
            models.CheckConstraint(
                condition=Q(proved_at__isnull=True) | Q(proved_by__isnull=False) & ~Q(evidence=""),
                name="parties_personstate_proved_by_evidence",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of party {self.party_id}"


class PriorAttempt(models.Model):
    """A contact that another system made before the cut-over: the guard counts it like ours.

    ``digest`` is the blind index of the number or address, ``point_kind`` its kind.
    """

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="prior_attempts")
    recipient_party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(max_length=12)
    purpose = models.CharField(max_length=20)
    recipient = models.CharField(max_length=16)
    point_kind = models.CharField(max_length=8, choices=PointKind)
    digest = models.BinaryField(max_length=32)
    loan_ids = models.JSONField()
    at = models.DateTimeField(_("时间"))
    outcome = models.CharField(max_length=16)

    class Meta:
        verbose_name = _("原系统触达")
        verbose_name_plural = _("原系统触达")
        indexes: ClassVar = [
            models.Index(fields=["party", "at"], name="parties_prior_of_party"),
            models.Index(fields=["digest", "at"], name="parties_prior_of_number"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} to party {self.party_id} before the cut-over"


class CutoverRow(models.Model):
    """A row of a cut-over that was taken in, by its keyed digest: given again it is known."""

    book = models.ForeignKey("ledger.Book", on_delete=models.PROTECT, related_name="+")
    file = models.CharField(max_length=20)
    digest = models.BinaryField(max_length=32)
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    taken_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("迁入记录")
        verbose_name_plural = _("迁入记录")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["book", "file", "digest"], name="parties_cutoverrow_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file} row of book {self.book_id}"
