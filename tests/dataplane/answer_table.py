"""The combinations of tests/dataplane/test_any_answer.py: which answers are given to what."""

from collections.abc import Iterator
from itertools import product
from typing import Any

from tests.answering_facts import HOUR_S
from tests.answering_forms import ABOUT_ANY, ABOUT_COPIES, ABOUT_DELETIONS, Form
from tests.dataplane.answer_cases import MODES, PARAMETERS, Case

ACL, ENCRYPT = ("PutObjectAcl",), ("UpdateObjectEncryption",)
COPY, TAG, UNTAG = ("CopyObject",), ("PutObjectTagging",), ("DeleteObjectTagging",)
ARCHIVE_AND_LOCK = (
    ("hold", ("PutObjectLegalHold",), "locking"),
    ("retention", ("PutObjectRetention",), "locking"),
    ("restore", ("RestoreObject",), "restoring"),
)
ALONE, MANY, ANY_DELETE = ("DeleteObject",), ("DeleteObjects",), ("DeleteObjects", "DeleteObject")

STATUSES = (
    *(200, 201, 202, 204, 206, 301, 307, 400, 403, 404, 405, 409, 411, 412, 429),
    *(500, 501, 502, 503, 504, 509, 520, 521, 522, 523, 524, 530),
)
FOREIGN = ("bare", "nothing", "cloudfront", "cloudflare", "exposes", "nginx")
COPIES = [name for name in PARAMETERS if name.startswith("copy")]
REFUSED_READS = (
    *(Form(403, "error: final"), Form(405, "error: no call"), Form(501, "error: no call")),
    *(Form(403, "none"), Form(200, "html", "nginx"), Form(404, "none", "bare")),
    Form(None, "true", "undated"),
)


def statuses() -> Iterator[Case]:
    """Any status, from somebody on the way, who did nothing."""
    for status, headers in zip(STATUSES, FOREIGN * 5, strict=False):
        yield Case("tagging", TAG, Form(status, "none", headers), does=False)
        yield Case("untagging", UNTAG, Form(status, "none", headers), does=False)
        yield Case("merging", TAG, Form(status, "none", headers), does=False)
        yield Case("acl", ACL, Form(status, "none", headers), does=False)
        yield Case("encryption", ENCRYPT, Form(status, "none", headers), does=False)
        yield Case("copy", COPY, Form(status, "html", headers), does=False, there="the same")
        yield Case("delete", ANY_DELETE, Form(status, "none", headers), does=False)
    for status in STATUSES:
        yield Case("delete", ALONE, Form(status, "none"), mode="one key", alone=True)


def bodies() -> Iterator[Case]:
    """Any body, with and without the storage's headers, done and not."""
    facts = ((True, "s3"), (False, "s3"), (False, "cloudflare"))
    for body in ABOUT_ANY:
        for does, headers in facts:
            yield Case("tagging", TAG, Form(200, body, headers), does, mode="every second")
        yield Case("untagging", UNTAG, Form(200, body, "s3"), mode="every second")
        yield Case("acl", ACL, Form(200, body, "s3"), mode="every second")
        yield Case("encryption", ENCRYPT, Form(200, body, "s3"), mode="one key")
        for headers in ("s3", "cloudflare"):
            form = Form(200, body, headers)
            yield Case("delete", ALONE, form, anew=True, alone=True, mode="one key")
    for body, (does, headers) in product(("true, bare", *ABOUT_ANY, *ABOUT_COPIES), facts[1:]):
        yield Case("copy, encrypted", COPY, Form(200, body, headers), does, there="other")
    for body, (does, headers) in product(("true", *ABOUT_ANY, *ABOUT_DELETIONS), facts):
        yield Case("delete", MANY, Form(200, body, headers), does, versioned=does)


def modes() -> Iterator[Case]:
    """Answers that come now and then, in works whose other answers are true."""
    page, empty = Form(200, "html", "nginx"), Form(204, "none", "nginx")
    for mode, (operation, actions), form in product(
        MODES,
        (("tagging", TAG), ("copy, tagged", COPY), ("delete", ANY_DELETE)),
        (page, empty),
    ):
        yield Case(operation, actions, form, does=False, mode=mode)


def lost() -> Iterator[Case]:
    """No answer at all, after the call was done or before."""
    for mode, does in product(("always", "one key", "first two"), (True, False)):
        facts: dict[str, Any] = {"does": does, "mode": mode, "lost": True}
        yield Case("tagging", TAG, None, **facts)
        yield Case("untagging", UNTAG, None, **facts)
        yield Case("merging", TAG, None, **facts)
        yield Case("acl", ACL, None, **facts)
        yield Case("encryption", ENCRYPT, None, **facts)
        yield Case("copy", COPY, None, there="other", **facts)
        yield Case("delete", ANY_DELETE, None, anew=True, **facts)
        yield Case("delete", ANY_DELETE, None, anew=True, ahead_s=-7 * HOUR_S, **facts)
        yield Case("delete", ALONE, None, alone=True, versioned=True, ahead_s=5 * HOUR_S, **facts)
        yield Case("delete versions", ANY_DELETE, None, versioned=True, **facts)


def reads() -> Iterator[Case]:
    """Looks that are refused, or answered by somebody else."""
    unmarked, odd = Form(200, "none", "bare"), Form(200, "other root")
    for form, does in product(REFUSED_READS, (True, False)):
        yield Case("tagging", TAG, unmarked, does, reads=form)
        yield Case("untagging", UNTAG, unmarked, does, reads=form)
        yield Case("merging", TAG, unmarked, does, reads=form)
        yield Case("acl", ACL, unmarked, does, reads=form)
        yield Case("encryption", ENCRYPT, unmarked, does, mode="one key", reads=form)
        yield Case("copy", COPY, odd, does, reads=form, there="other")
        yield Case("delete", ALONE, unmarked, does, reads=form, alone=True, anew=True)
        yield Case("delete", ANY_DELETE, None, does, lost=True, reads=form, anew=True)
    for form, operation in product(REFUSED_READS[::3], PARAMETERS):
        yield Case(operation, (), None, reads=form, versioned="versions" in operation)


def ignored() -> Iterator[Case]:
    """What a storage accepts, says to have done, and did not do or keep."""
    for name, operation in product(("tags", "encryption", "lock", "metadata"), COPIES):
        yield Case(operation, (), None, ignores=frozenset({name}))
    for name, operation in (
        *(("tagging", "tagging"), ("uploads", "tagging")),
        *(
            ("tagging", "untagging"),
            ("untagging", "untagging"),
            ("queries", "untagging"),
            ("acl", "acl"),
            ("queries", "acl"),
        ),
        *(("tagging", "merging"), ("uploads", "merging"), ("queries", "merging")),
        *(("encryption in place", "encryption"), ("queries", "encryption")),
        *(("deletion", "delete"), ("deletion", "delete versions")),
    ):
        ignores = frozenset({name})
        yield Case(operation, (), None, ignores=ignores, versioned="versions" in operation)
    for operation in COPIES:
        yield Case(operation, COPY, Form(200, "true"), does=False)
        yield Case(operation, COPY, Form(200, "true"), does=False, there="other")


def archive_and_lock() -> Iterator[Case]:
    """A storage that ignores such calls or takes them for content, and somebody on the way."""
    for operation, actions, ignored in ARCHIVE_AND_LOCK:
        for form in (
            Form(200, "html", "nginx"),
            Form(204, "none", "nginx"),
            Form(200, "none", "s3"),
        ):
            yield Case(operation, actions, form, does=False)
            yield Case(operation, actions, form, mode="every second")
        yield Case(operation, actions, Form(501, "error: no call"), does=False)
        yield Case(operation, actions, Form(403, "error: final"), does=False, mode="one key")
        for does in (True, False):
            yield Case(operation, actions, None, does=does, lost=True, mode="first two")
        for name in (ignored, "uploads") if ignored == "locking" else (ignored,):
            yield Case(operation, (), None, ignores=frozenset({name}))


TABLE: tuple[Case, ...] = tuple(
    dict.fromkeys(
        case
        for cases in (statuses, bodies, modes, lost, reads, ignored, archive_and_lock)
        for case in cases()
        if not case.is_lie or case.mode == "always"
    )
)
