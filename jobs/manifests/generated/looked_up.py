"""Filters that no listing answers: each object has to be asked for what it is. Pure.

A judge says of an object whether it belongs to the list, or which call has to be made to find out.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from jobs.manifests.generated import patterns
from jobs.manifests.listing.listed import Listed
from jobs.s3.replication_rules import Rule, is_eligible
from jobs.spec.encryption_filter import EncryptionFilter
from jobs.spec.generator import GeneratorSpec
from jobs.spec.pairs import Pair

HEAD, TAGS = "HeadObject", "GetObjectTagging"
Facts = Mapping[str, Mapping[str, Any]]
"""What an object was answered with, by the action (HEAD, TAGS): the data as botocore reads it."""

Judge = Callable[[Listed, Facts], bool | str]
"""True or False, or the action that is asked next. Raises UnseenError."""

CUSTOMER_KEY = "SSECustomerAlgorithm"
UNSEEN = "Unseen"
"""Stands in the data of a HEAD that was refused since the object is under a customer's key: so much is
known of it, and no more.
"""

_ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})
_STATUSES = {"COMPLETE": "COMPLETED", None: "NONE"}
"""What a storage may say instead of the wire's own words."""


class UnseenError(Exception):
    """An object is encrypted with a customer-provided key (SSE-C), and tells nothing else without it."""


def calls_per_object(spec: GeneratorSpec) -> tuple[str, ...]:
    """The actions that each object may be asked for that passes all other filters: a few hang on the
    rules of replication.
    """
    needs_head = spec.filter.encryption or spec.filter.replication_statuses or spec.more.metadata
    by_rules = spec.filter.eligible_for_replication is not None
    head = (HEAD,) if needs_head or by_rules else ()
    return (*head, TAGS) if spec.more.tags or by_rules else head


def judge_of(spec: GeneratorSpec, rules: Collection[Rule] = ()) -> Judge | None:
    """None where listing tells all. `rules` are the enabled ones of the bucket that is listed. Raises
    ValueError for a pattern that is none.
    """
    return _joined(_judges(spec, rules))


def judge_of_pairs(tags: Collection[Pair], metadata: Collection[Pair]) -> Judge | None:
    """As `judge_of`, for a list that is not generated."""
    return _joined(_by_what_it_has(tags, metadata))


def _joined(judges: Sequence[Judge]) -> Judge | None:
    if not judges:
        return None

    def judge(one: Listed, facts: Facts) -> bool | str:
        if one.is_delete_marker:
            return False
        wanted: str | None = None
        for ask in judges:
            verdict = ask(one, facts)
            if verdict is False:
                return False
            if isinstance(verdict, str) and wanted != HEAD:
                wanted = verdict
        return wanted or True

    return judge


def _judges(spec: GeneratorSpec, rules: Collection[Rule]) -> list[Judge]:
    judges: list[Judge] = []
    asked = spec.filter
    if asked.eligible_for_replication is not None:
        judges.append(_by_rules(rules, asked.eligible_for_replication))
    if asked.replication_statuses:
        judges.append(_by_status(frozenset(asked.replication_statuses)))
    if asked.encryption:
        judges.append(_by_encryption(asked.encryption))
    return judges + _by_what_it_has(spec.more.tags, spec.more.metadata)


def _by_what_it_has(tags: Collection[Pair], metadata: Collection[Pair]) -> list[Judge]:
    judges: list[Judge] = []
    if metadata:
        judges.append(_by_pairs(HEAD, _metadata, metadata))
    if tags:
        judges.append(_by_pairs(TAGS, _tags, tags))
    return judges


# --- Replication


def _by_rules(rules: Collection[Rule], wanted: bool) -> Judge:
    def judge(one: Listed, facts: Facts) -> bool | str:
        if one.storage_class in _ARCHIVED:
            return not wanted
        is_kms = _is_kms(facts[HEAD]) if HEAD in facts else None
        found = _tags(facts[TAGS]).items() if TAGS in facts else None
        verdict = is_eligible(rules, one.key, is_kms=is_kms, found=found)
        if verdict is not None:
            return verdict is wanted
        return TAGS if HEAD in facts else HEAD

    return judge


def _is_kms(head: Mapping[str, Any]) -> bool:
    return str(head.get("ServerSideEncryption", "")).startswith("aws:kms")


def _by_status(wanted: Collection[str]) -> Judge:
    def judge(one: Listed, facts: Facts) -> bool | str:
        if HEAD not in facts:
            return HEAD
        said = _seen(facts[HEAD]).get("ReplicationStatus") or None
        return _STATUSES.get(said, said) in wanted

    return judge


# --- Encryption


def _by_encryption(asked: EncryptionFilter) -> Judge:
    def judge(one: Listed, facts: Facts) -> bool | str:
        return _is_encrypted(asked, facts[HEAD]) if HEAD in facts else HEAD

    return judge


def _is_encrypted(asked: EncryptionFilter, head: Mapping[str, Any]) -> bool:
    if kind_of(head) != asked.kind:
        return False
    if asked.key_arn is not None and not _is_key(asked.key_arn, head.get("SSEKMSKeyId", "")):
        return False
    return asked.bucket_key is None or bool(head.get("BucketKeyEnabled")) is asked.bucket_key


def kind_of(head: Mapping[str, Any]) -> str:
    """As the wire names it: "SSE-S3"; "" for a kind that it has no name for."""
    if head.get(CUSTOMER_KEY):
        return "SSE-C"
    names = {"AES256": "SSE-S3", "aws:kms": "SSE-KMS", "aws:kms:dsse": "DSSE-KMS"}
    said = head.get("ServerSideEncryption")
    return names.get(said, "") if said else "NOT-SSE"


def _is_key(arn: str, said: str) -> bool:
    """Some storage names a key by the last part of its ARN alone."""
    return said == arn or said == arn.rpartition("/")[2]


# --- Tags and metadata


def _tags(data: Mapping[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in data.get("TagSet", ())}


def _metadata(data: Mapping[str, Any]) -> dict[str, str]:
    return {name.lower(): value for name, value in _seen(data).get("Metadata", {}).items()}


def _seen(head: Mapping[str, Any]) -> Mapping[str, Any]:
    if UNSEEN in head:
        raise UnseenError((UnseenError.__doc__ or "").strip())
    return head


def _by_pairs(
    action: str, read: Callable[[Mapping[str, Any]], Mapping[str, str]], pairs: Collection[Pair]
) -> Judge:
    tests = [(pair.key, _value_test(pair)) for pair in pairs]

    def judge(one: Listed, facts: Facts) -> bool | str:
        if action not in facts:
            return action
        found = read(facts[action])
        return all(key in found and test(found[key]) for key, test in tests)

    return judge


def _value_test(pair: Pair) -> patterns.Matches:
    if pair.glob is not None:
        return patterns.globs([pair.glob])
    value = pair.value
    return lambda text: value is None or text == value
