"""What a bucket's replication configuration says of an object: which rules cover it, and where they
send it. Pure. The rules are those of GetBucketReplication, as botocore reads them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from jobs.s3.arns import parse_bucket_arn

Tags = Collection[tuple[str, str]]
Clause = Mapping[str, Any]
Found = Sequence[Mapping[str, Any]]
"""The enabled rules of one bucket, as they were answered."""


@dataclass(frozen=True, slots=True)
class Rule:
    """`filter` is that of a rule of today; of an older one, whose prefix stands beside it, {"Prefix"}.
    `storage_class` and `kms_key` are empty where the rule names none. With `takes_kms` it covers
    objects that are encrypted with KMS, too.
    """

    bucket: str
    priority: int
    filter: Clause
    storage_class: str = ""
    kms_key: str = ""
    takes_kms: bool = False

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Self:
        """Raises ValueError with a sentence for one whose copies cannot be made as it says."""
        _refuse(found, found.get("Destination", {}))
        return cls.covering(found)

    @classmethod
    def covering(cls, found: Mapping[str, Any]) -> Self:
        """For whoever only asks what it covers. Raises ValueError for a destination that is no bucket."""
        destination = found.get("Destination", {})
        older = {"Prefix": found.get("Prefix", "")}
        encryption = destination.get("EncryptionConfiguration", {})
        kms = found.get("SourceSelectionCriteria", {}).get("SseKmsEncryptedObjects", {})
        return cls(
            bucket=parse_bucket_arn(destination.get("Bucket", "")),
            priority=int(found.get("Priority", 0)),
            filter=found["Filter"] if found.get("Filter") is not None else older,
            storage_class=destination.get("StorageClass", ""),
            kms_key=encryption.get("ReplicaKmsKeyID", ""),
            takes_kms=kms.get("Status") == "Enabled",
        )

    def covers(self, key: str, found: Tags | None) -> bool | None:
        """None where that hangs on the tags, which are not known."""
        return _all(self.filter, key, found)


def _refuse(found: Mapping[str, Any], destination: Clause) -> None:
    name = f'Replication rule "{found.get("ID") or found.get("Priority", "")}"'
    if destination.get("AccessControlTranslation"):
        raise ValueError(
            f"{name} gives replicas to another owner (AccessControlTranslation), which a copy cannot"
            " do. Disable the rule, or make a Copy job."
        )
    encryption = destination.get("EncryptionConfiguration", {})
    if encryption.get("UseSourceMultiRegionKey", {}).get("Status") == "Enabled":
        raise ValueError(
            f"{name} encrypts with the multi-Region key of the source (UseSourceMultiRegionKey), which"
            " a copy cannot do. Name a key in ReplicaKmsKeyID, or make a Copy job."
        )


def enabled(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The enabled rules of an answer to GetBucketReplication."""
    rules = data.get("ReplicationConfiguration", {}).get("Rules", ())
    return [rule for rule in rules if rule.get("Status") == "Enabled"]


def kept(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """As `enabled`. Raises ValueError with a sentence where one cannot be followed."""
    rules = enabled(data)
    for rule in rules:
        Rule.of(rule)
    return rules


def chosen(
    rules: Collection[Rule], key: str, *, is_kms: bool, found: Tags | None
) -> list[Rule] | None:
    """The rules by which an object is sent, the highest of each destination; `is_kms` says whether it
    is encrypted with KMS. None where that hangs on its tags, which are not known.
    """
    best: dict[str, Rule] = {}
    for rule in sorted(rules, key=lambda one: -one.priority):
        if rule.bucket in best or (is_kms and not rule.takes_kms):
            continue
        covers = rule.covers(key, found)
        if covers is None:
            return None
        if covers:
            best[rule.bucket] = rule
    return list(best.values())


# --- Filters: True, False, or None for what cannot be told without tags


def _all(clause: Clause, key: str, found: Tags | None) -> bool | None:
    """Of Filter and And: an empty one covers everything."""
    parts = _plain(clause, key, found)
    if "And" in clause:
        parts.append(_all(clause["And"], key, found))
    if "Not" in clause:
        excluded = _any(clause["Not"], key, found)
        parts.append(None if excluded is None else not excluded)
    if False in parts:
        return False
    return None if None in parts else True


def _any(clause: Clause, key: str, found: Tags | None) -> bool | None:
    """Of Not and Or: an empty one covers nothing."""
    parts = _plain(clause, key, found)
    if "Or" in clause:
        parts.append(_any(clause["Or"], key, found))
    if True in parts:
        return True
    return None if None in parts else False


def _plain(clause: Clause, key: str, found: Tags | None) -> list[bool | None]:
    prefixes = [clause["Prefix"]] if "Prefix" in clause else []
    parts: list[bool | None] = [
        key.startswith(prefix) for prefix in [*prefixes, *clause.get("Prefixes", ())]
    ]
    named = [clause["Tag"]] if "Tag" in clause else []
    parts += [_has(tag, found) for tag in [*named, *clause.get("Tags", ())]]
    return parts


def _has(tag: Mapping[str, str], found: Tags | None) -> bool | None:
    return None if found is None else (tag["Key"], tag.get("Value", "")) in found


# --- In words


def in_words(rules: Iterable[Rule]) -> str:
    """ "archive: keys that begin with logs/; backup: all objects"."""
    return "; ".join(f"{rule.bucket}: {_said(rule.filter)}" for rule in rules)


def _said(clause: Clause) -> str:
    told = _said_plainly({**clause, **clause.get("And", {})})
    excluded = clause.get("Not") or clause.get("And", {}).get("Not")
    without = _said_plainly({**excluded, **excluded.get("Or", {})}) if excluded else []
    text = " and ".join(told) or "all objects"
    return f"{text}, without {' or '.join(without)}" if without else text


def _said_plainly(clause: Clause) -> list[str]:
    prefixes = [clause["Prefix"]] if clause.get("Prefix") else []
    named = [clause["Tag"]] if "Tag" in clause else []
    told = [f"keys that begin with {p}" for p in [*prefixes, *clause.get("Prefixes", ())]]
    every = [*named, *clause.get("Tags", ())]
    return told + [f"the tag {tag['Key']}={tag.get('Value', '')}" for tag in every]


def is_eligible(
    rules: Collection[Rule], key: str, *, is_kms: bool | None, found: Tags | None
) -> bool | None:
    """Whether any rule sends an object, None where that hangs on what is not known: its tags, or with
    `is_kms` None whether it is encrypted with KMS.
    """
    ways = (False, True) if is_kms is None else (is_kms,)
    verdicts = [chosen(rules, key, is_kms=way, found=found) for way in ways]
    known = {None if some is None else bool(some) for some in verdicts}
    return known.pop() if len(known) == 1 else None
