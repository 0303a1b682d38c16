"""Write templates, have them approved by a second person, note what providers say of them.

A version is a draft while it is written, is submitted as it stands, and is approved by somebody
else; then it is the one that is used and the one before it is retired.
"""

from collections.abc import Mapping

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from daihou.collect import templates as texts, wording
from daihou.collect.templates import Wording
from daihou.web.access.models import User
from daihou.web.approvals import operations as approvals
from daihou.web.approvals.errors import ApprovalRefused
from daihou.web.approvals.models import Approval
from daihou.web.approvals.registry import Description
from daihou.web.audit import operations as audit
from daihou.web.channels.errors import ChannelRefused
from daihou.web.channels.models import (
    Account,
    ChannelKind,
    Language,
    Purpose,
    Review,
    ReviewState,
    Template,
    TemplateVersion,
    VersionState,
)
from daihou.web.ledger.models import Book
from daihou.web.parties.models import Party

APPROVE = "template.approve"
PARTS_MOST = 4  # Of a short message; a longer one is a letter.


def add_template(
    *,
    book: Book,
    key: str,
    name: str,
    channel: str,
    purpose: str,
    language: str,
    acting_user: User,
    funder: Party | None = None,
) -> Template:
    """Add a place for texts of a book, or of one of its funders.

    :raises ChannelRefused: ``template.words_unknown``, ``template.exists``.
    """
    is_known = (
        channel in ChannelKind.values
        and purpose in Purpose.values
        and language in Language.values
        and key.isascii()
        and key.replace("-", "").isalnum()
    )
    if not is_known or not name.strip():
        raise ChannelRefused("template.words_unknown")
    try:
        with transaction.atomic():
            template = Template.objects.create(
                book=book,
                funder=funder,
                key=key,
                name=name.strip(),
                channel=channel,
                purpose=purpose,
                language=language,
            )
            _record("template.add", template, acting_user)
    except IntegrityError as exception:
        raise ChannelRefused("template.exists", template=key) from exception
    return template


def save(*, template: Template, body: str, acting_user: User, subject: str = "") -> TemplateVersion:
    """Write the draft of a template: the open one, or a new version.

    :raises ChannelRefused: ``template.submitted_already``, ``template.wording_forbidden``,
        ``template.too_many_parts``; as ``collect.templates.slots_of`` refuses.
    """
    text = Wording(body=body.strip(), subject=subject.strip(), language=_language(template))
    check(text=text, channel=template.channel)
    flags = texts.flags_of(wording=text)
    with transaction.atomic():
        Template.objects.select_for_update().get(pk=template.pk)
        versions = TemplateVersion.objects.filter(template=template)
        if versions.filter(state=VersionState.SUBMITTED).exists():
            raise ChannelRefused("template.submitted_already", template=template.key)
        version = versions.filter(state=VersionState.DRAFT).first()
        if version is None:
            last = versions.aggregate(last=Max("version_no"))["last"] or 0
            version = TemplateVersion(template=template, version_no=last + 1)
        version.subject, version.body, version.made_by = text.subject, text.body, acting_user
        version.names_creditor = flags.names_creditor
        version.names_institution = flags.names_institution
        version.carries_debt_facts = flags.carries_debt_facts
        version.has_opt_out = flags.has_opt_out
        version.save()
        _record("template.save", template, acting_user, version=version.version_no)
    return version


def check(*, text: Wording, channel: str) -> None:
    """Refuse what may never be written, whoever is written to.

    :raises ChannelRefused: ``template.wording_forbidden``, ``template.too_many_parts``; as
        ``collect.templates.slots_of`` refuses.
    """
    try:
        texts.slots_of(wording=text)
    except texts.TemplateRefused as refused:
        raise ChannelRefused(refused.code, **refused.params) from refused
    found = wording.check(f"{text.subject}\n{text.body}")
    if found:
        raise ChannelRefused("template.wording_forbidden", words=found[0].text)
    if channel == ChannelKind.SMS and texts.segments(text=text.body) > PARTS_MOST:
        raise ChannelRefused("template.too_many_parts", most=PARTS_MOST)


def submit(*, version: TemplateVersion, reason: str, acting_user: User) -> Approval:
    """Ask a second person to approve a draft as it stands.

    :raises ChannelRefused: ``template.not_draft``.
    :raises ApprovalRefused: as ``approvals.operations.request``.
    """
    with transaction.atomic():
        locked = _locked(version)
        if locked.state != VersionState.DRAFT:
            raise ChannelRefused("template.not_draft", version=locked.version_no)
        locked.state = VersionState.SUBMITTED
        locked.save(update_fields=["state"])
        return approvals.request(
            kind=APPROVE,
            book=locked.template.book,
            target_type="template_version",
            target_id=locked.pk,
            payload={"version_id": locked.pk},
            reason=reason,
            acting_user=acting_user,
        )


def carry_out(approval: Approval, acting_user: User) -> None:
    """Put an approved version in the place of the one before it."""
    version = _asked(approval)
    if version.state != VersionState.SUBMITTED:
        raise ApprovalRefused("approval.stale")
    check(text=version.wording, channel=version.template.channel)
    TemplateVersion.objects.filter(template=version.template, state=VersionState.APPROVED).update(
        state=VersionState.RETIRED
    )
    version.state, version.approved_at = VersionState.APPROVED, timezone.now()
    version.save(update_fields=["state", "approved_at"])
    _record("template.approve", version.template, acting_user, version=version.version_no)


def give_back(approval: Approval, acting_user: User) -> None:
    """Open a version that was not approved for writing again."""
    version = _asked(approval)
    if version.state == VersionState.SUBMITTED:
        version.state = VersionState.DRAFT
        version.save(update_fields=["state"])
        _record("template.give_back", version.template, acting_user, version=version.version_no)


def describe(approval: Approval) -> Description:
    """Show the text that is asked for, as it would be sent."""
    version = TemplateVersion.objects.select_related("template").get(
        pk=approval.payload["version_id"]
    )
    template = version.template
    facts = [
        (_("Channel"), template.get_channel_display()),
        (_("Purpose"), template.get_purpose_display()),
        (_("Language"), template.get_language_display()),
        (_("Version"), str(version.version_no)),
        *([(_("Subject"), version.subject)] if version.subject else []),
        (_("Text"), version.body),
    ]
    return Description(
        title=template.name, facts=tuple(facts), is_stale=version.state != VersionState.SUBMITTED
    )


def retire(*, version: TemplateVersion, acting_user: User) -> TemplateVersion:
    """Use an approved version no more; without another nothing of its kind goes out.

    :raises ChannelRefused: ``template.not_approved``.
    """
    with transaction.atomic():
        locked = _locked(version)
        if locked.state != VersionState.APPROVED:
            raise ChannelRefused("template.not_approved", template=locked.template.key)
        locked.state = VersionState.RETIRED
        locked.save(update_fields=["state"])
        _record("template.retire", locked.template, acting_user, version=locked.version_no)
    return locked


def note_review(
    *,
    version: TemplateVersion,
    account: Account,
    state: str,
    acting_user: User,
    provider_template: str = "",
    names: Mapping[str, str] | None = None,
    reason: str = "",
) -> Review:
    """Note what a provider says of a version, with its own number for it once it has passed.

    :raises ChannelRefused: ``template.review_incomplete``, ``template.channel_differs``.
    """
    is_passed = state == ReviewState.APPROVED
    if state not in ReviewState.values or (is_passed and not provider_template.strip()):
        raise ChannelRefused("template.review_incomplete")
    if account.channel != version.template.channel:
        raise ChannelRefused("template.channel_differs", channel=account.channel)
    with transaction.atomic():
        review, _made = Review.objects.update_or_create(
            version=version,
            account=account,
            defaults={
                "state": state,
                "provider_template": provider_template.strip(),
                "names": dict(names or {}),
                "reason": reason[:300],
                "changed_at": timezone.now(),
            },
        )
        _record(
            "template.review",
            version.template,
            acting_user,
            version=version.version_no,
            account=account.code,
            state=state,
        )
    return review


def _asked(approval: Approval) -> TemplateVersion:
    found = TemplateVersion.objects.filter(pk=approval.payload["version_id"]).first()
    if found is None:
        raise ApprovalRefused("approval.stale")
    return _locked(found)


def _locked(version: TemplateVersion) -> TemplateVersion:
    Template.objects.select_for_update().get(pk=version.template_id)
    return (
        TemplateVersion.objects.select_for_update(of=("self",))
        .select_related("template__book")
        .get(pk=version.pk)
    )


def _language(template: Template) -> texts.Language:
    return texts.Language(template.language)


def _record(action: str, template: Template, acting_user: User, **details: object) -> None:
    audit.record(
        acting_user=acting_user,
        action=action,
        target_type="template",
        target_id=template.pk,
        details={"key": template.key, "channel": template.channel, **details},
    )
