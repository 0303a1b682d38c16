"""Change products: a draft is edited, submitted, approved by a second person, at last retired.

Nothing here needs code to launch a product. Locks: the book's row, then the product's.
"""

import re
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from daihou.core import codec
from daihou.core.cost import CostRefused
from daihou.core.terms import TermsRefused, check_terms_alone
from daihou.web.access.models import User
from daihou.web.approvals import operations as approvals, queries as asked
from daihou.web.approvals.errors import ApprovalRefused
from daihou.web.approvals.models import Approval, State
from daihou.web.audit import operations as audit
from daihou.web.ledger.models import Book
from daihou.web.loans import costs, limiting, queries, ranges
from daihou.web.loans.agreed import product_terms
from daihou.web.loans.errors import ProductRefused
from daihou.web.loans.models import (
    ContractTerms,
    Origin,
    Product,
    ProductVersion,
    VersionState,
)
from daihou.web.loans.queries import Content
from daihou.web.parameters.models import LenderType, LendingProfile, ProductClass
from daihou.web.parameters.queries import profile_on

APPROVE = "product.approve"  # The kind in the authority matrix.
TARGET = "product_version"
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,39}")
NAME_LONGEST = 80
NOTE_LONGEST = 500
REASON_LONGEST = 512
DAY = timedelta(days=1)


@transaction.atomic
def create_product(*, book: Book, code: str, name: str, acting_user: User) -> Product:
    """Add a product without versions.

    :raises ProductRefused: ``product.code_wrong``, ``product.name_wrong``, ``product.exists``.
    """
    name = name.strip()
    if not CODE.fullmatch(code):
        raise ProductRefused("product.code_wrong", product=code[:40])
    if not name or len(name) > NAME_LONGEST or "\0" in name:
        raise ProductRefused("product.name_wrong", most=NAME_LONGEST)
    locked = _lock_book(book)
    product, is_new = Product.objects.get_or_create(book=locked, code=code, defaults={"name": name})
    if not is_new:
        raise ProductRefused("product.exists", product=code)
    _audit(product, action="product.create", acting_user=acting_user, details={"code": code})
    return product


@transaction.atomic
def draft_version(*, product: Product, content: Content, acting_user: User) -> ProductVersion:
    """Add a draft with the next number.

    :raises ProductRefused: as ``check_content``.
    """
    check_content(content)
    _lock_book(product.book)
    locked = Product.objects.select_for_update().get(pk=product.pk)
    last = locked.versions.aggregate(last=Max("version_no"))["last"] or 0
    version = ProductVersion(
        product=locked,
        version_no=last + 1,
        origin=Origin.OWN,
        state=VersionState.DRAFT,
        made_by=acting_user,
        made_at=timezone.now(),
    )
    _put(version, content)
    _audit(version, action="product_version.draft", acting_user=acting_user)
    return version


@transaction.atomic
def change_draft(*, version: ProductVersion, content: Content, acting_user: User) -> ProductVersion:
    """Replace what a draft says.

    :raises ProductRefused: ``product.not_draft``, and as ``check_content``.
    """
    check_content(content)
    locked = _lock(version)
    _demand(locked, VersionState.DRAFT, code="product.not_draft")
    locked.made_by, locked.made_at = acting_user, timezone.now()  # Who edits last is its maker.
    _put(locked, content)
    _audit(locked, action="product_version.change", acting_user=acting_user)
    return locked


@transaction.atomic
def submit_version(*, version: ProductVersion, reason: str, acting_user: User) -> ProductVersion:
    """Ask for approval of a draft: from here on it may not be edited.

    :raises ProductRefused: ``product.not_draft``, ``product.lender_type_missing``,
        ``product.no_sample``, the codes of ``core.limits`` with the rule's id, and as
        ``costs.check_costs``.
    :raises DaihouError: ``parameter.not_in_force`` where a limit lacks its figure.
    :raises ApprovalRefused: as ``approvals.operations.request``.
    """
    locked = _lock(version)
    _demand(locked, VersionState.DRAFT, code="product.not_draft")
    content = queries.content_of(version=locked)
    if not content.lender_type:
        raise ProductRefused("product.lender_type_missing")
    costs.check_costs(costs=content.costs, terms=content.terms)
    try:
        found = queries.sample_of(version=locked)
    except (CostRefused, ValueError) as refused:
        raise ProductRefused(
            "product.no_sample", detail=getattr(refused, "code", str(refused))
        ) from refused
    refused_by = limiting.refusals(product=locked.product, content=content)
    if refused_by:
        first = refused_by[0]
        raise ProductRefused(first.code, rule_id=first.rule_id, **first.params)
    locked.state = VersionState.SUBMITTED
    locked.save(update_fields=["state"])
    _audit(locked, action="product_version.submit", acting_user=acting_user)
    approvals.request(
        kind=APPROVE,
        book=locked.product.book,
        target_type=TARGET,
        target_id=locked.pk,
        payload={
            "product": locked.product.code,
            "version_no": locked.version_no,
            "digest": queries.digest_of(version=locked),
            "nominal_rate": str(round(found.nominal_rate, 6)),
            "effective_rate": str(round(found.effective_rate, 6)),
        },
        reason=reason,
        acting_user=acting_user,
    )
    locked.refresh_from_db()
    return locked


@transaction.atomic
def reopen_version(*, version: ProductVersion, acting_user: User) -> ProductVersion:
    """Make a submitted version a draft again that no request waits for.

    :raises ProductRefused: ``product.not_submitted``, ``product.approval_pending``.
    """
    locked = _lock(version)
    _demand(locked, VersionState.SUBMITTED, code="product.not_submitted")
    if _waiting(locked).filter(expires_at__gt=timezone.now()).exists():
        raise ProductRefused("product.approval_pending")
    _reopen(locked, acting_user=acting_user)
    return locked


def take_back_submission(approval: Approval, acting_user: User) -> None:
    """Make the version of a request that ended a draft again, unless it was submitted anew."""
    found = ProductVersion.objects.select_related("product__book").filter(pk=approval.target_id)
    version = found.first()
    if version is None:
        return
    locked = _lock(version)
    if locked.state == VersionState.SUBMITTED and not _waiting(locked).exists():
        _reopen(locked, acting_user=acting_user)


def _waiting(version: ProductVersion) -> QuerySet[Approval]:
    return asked.of_target(
        book=version.product.book, target_type=TARGET, target_id=version.pk
    ).filter(state=State.PENDING)


def _reopen(version: ProductVersion, *, acting_user: User) -> None:
    version.state = VersionState.DRAFT
    version.save(update_fields=["state"])
    _audit(version, action="product_version.reopen", acting_user=acting_user)


def carry_out_approval(approval: Approval, acting_user: User) -> None:
    """Put a submitted version in force; one before it without an end ends the day before.

    :raises ApprovalRefused: ``approval.stale``.
    :raises ProductRefused: ``product.versions_overlap``.
    """
    found = ProductVersion.objects.select_related("product__book").filter(pk=approval.target_id)
    version = found.first()
    if version is None:
        raise ApprovalRefused("approval.stale")
    locked = _lock(version)
    is_same = queries.digest_of(version=locked) == approval.payload["digest"]
    if locked.state != VersionState.SUBMITTED or not is_same:
        raise ApprovalRefused("approval.stale")
    ProductVersion.objects.filter(
        product_id=locked.product_id,
        origin=Origin.OWN,
        state=VersionState.APPROVED,
        effective_until__isnull=True,
        effective_on__lt=locked.effective_on,
    ).update(effective_until=locked.effective_on - DAY)
    locked.state, locked.approved_at = VersionState.APPROVED, timezone.now()
    try:
        with transaction.atomic():
            locked.save(update_fields=["state", "approved_at"])
    except IntegrityError as exception:
        raise ProductRefused(
            "product.versions_overlap", product=locked.product.code, on=locked.effective_on
        ) from exception
    _put_profile(locked, acting_user=acting_user)
    _audit(locked, action="product_version.approve", acting_user=acting_user)


@transaction.atomic
def retire_version(*, version: ProductVersion, reason: str, acting_user: User) -> ProductVersion:
    """Open no more loans on an approved version; those that run on it go on.

    :raises ProductRefused: ``product.not_approved``, ``product.imported``,
        ``product.reason_missing``.
    """
    if not reason.strip() or len(reason) > REASON_LONGEST:
        raise ProductRefused("product.reason_missing", most=REASON_LONGEST)
    locked = _lock(version)
    if locked.origin == Origin.IMPORTED:
        raise ProductRefused("product.imported")
    _demand(locked, VersionState.APPROVED, code="product.not_approved")
    locked.state = VersionState.RETIRED
    locked.save(update_fields=["state"])
    _audit(
        locked,
        action="product_version.retire",
        acting_user=acting_user,
        details={"reason": reason.strip()},
    )
    return locked


def check_content(content: Content) -> None:
    """Refuse what no version can say.

    :raises ProductRefused: the code of ``core.terms``, ``product.days_wrong``,
        ``product.lender_type_unknown``, ``product.note_too_long``, and as ``check_ranges``.
    """
    try:
        check_terms_alone(content.terms)
    except TermsRefused as refused:
        raise ProductRefused(refused.code) from refused
    ranges.check_ranges(ranges=content.ranges, terms=content.terms)
    if content.effective_until is not None and content.effective_until < content.effective_on:
        raise ProductRefused("product.days_wrong")
    is_known = content.product_class in ProductClass.values
    if not is_known or content.lender_type not in {"", *LenderType.values}:
        raise ProductRefused("product.lender_type_unknown")
    if len(content.note) > NOTE_LONGEST or "\0" in content.note:
        raise ProductRefused("product.note_too_long", most=NOTE_LONGEST)
    for item in content.costs:  # A draft may lack items, but what it has must make sense.
        costs.check_item(item)


def store_terms(terms: object) -> ContractTerms:
    """Return the row of these terms; loans and versions that agree share it."""
    digest = bytes.fromhex(codec.digest(terms))
    found, _ = ContractTerms.objects.get_or_create(
        digest=digest, defaults={"terms": codec.encode(terms)}
    )
    return found


def _put(version: ProductVersion, content: Content) -> None:
    version.terms = store_terms(product_terms(content.terms))
    version.effective_on = content.effective_on
    version.effective_until = content.effective_until
    version.costs = codec.encode(content.costs)
    version.ranges = codec.encode(content.ranges)
    version.lender_type, version.product_class = content.lender_type, content.product_class
    version.note = content.note
    version.save()


def _put_profile(version: ProductVersion, *, acting_user: User) -> None:
    """Let every later check of the product's loans go by what was approved."""
    book = version.product.book
    jurisdiction = profile_on(book=book, on=version.effective_on).jurisdiction
    if not jurisdiction:
        return
    LendingProfile.objects.create(
        book=book,
        product=version.product,
        valid_from=version.effective_on,
        jurisdiction=jurisdiction,
        lender_type=version.lender_type,
        product_class=version.product_class,
        added_by=acting_user,
    )


def _lock_book(book: Book) -> Book:
    return Book.objects.select_for_update().get(pk=book.pk)


def _lock(version: ProductVersion) -> ProductVersion:
    _lock_book(version.product.book)
    Product.objects.select_for_update().get(pk=version.product_id)
    found = ProductVersion.objects.select_for_update(of=("self",))
    return found.select_related("product__book", "terms").get(pk=version.pk)


def _demand(version: ProductVersion, state: VersionState, *, code: str) -> None:
    if version.state != state:
        raise ProductRefused(code, state=version.state)


def _audit(
    target: Product | ProductVersion,
    *,
    action: str,
    acting_user: User,
    details: dict[str, object] | None = None,
) -> None:
    named: dict[str, object] = {}
    if isinstance(target, ProductVersion):
        named = {"product": target.product.code, "version": target.version_no}
    audit.record(
        acting_user=acting_user,
        action=action,
        target_type=TARGET if named else "product",
        target_id=target.pk,
        details=named | (details or {}),
    )
