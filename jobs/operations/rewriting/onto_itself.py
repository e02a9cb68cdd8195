"""An object copied onto itself with some of it changed: what is not told stays as it was.

The copy goes under the condition that the content is still the one that was looked at, so that what
somebody else wrote in between is never replaced by what was there before.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from jobs.operations import looks
from jobs.operations.base import DONE, Finding, Outcome, Steps, not_kept, outcome_of
from jobs.operations.context import Context
from jobs.operations.copying import copy_looks
from jobs.operations.copying.large_copy_limits import says_too_large
from jobs.operations.foreseeing import cannot_tell, would_fail
from jobs.operations.rewriting import carried_over, object_metadata, onto_itself_large
from jobs.operations.rewriting.carried_over import Owned, Params
from jobs.operations.rewriting.set_afterwards import Afterwards
from jobs.operations.steps import Keep, Later, Step
from jobs.operations.storage_clock import Age
from jobs.operations.tags import Tags
from jobs.operations.unchanged import CHANGED
from jobs.s3.answers import Answer
from jobs.s3.faults import is_never_cut_short, may_have_been_done
from jobs.s3.proof import Proof
from jobs.s3.template import PerObject
from jobs.services.call import Call
from jobs.spec.target import Target

CHANGES_NOTHING = (
    "This copy request is illegal because it is trying to copy an object to itself without changing"
    " the object's metadata, storage class, website redirect location or encryption attributes."
)
"""S3's own words."""

CHANGED_MEANWHILE = (
    "The object was changed between the look at it and the copy, so nothing was written: {}"
)
NOT_NEWEST = (
    "The listed version is not the newest of its key. Written anew it would take the place of the"
    " newer one, so it was left as it is."
)
ARCHIVED = "The object is archived and not restored, so nothing can be copied of it."
_LOST_CLASS, _LOST_ENCRYPTION = "storage class", "encryption"
_FACTS = {
    "StorageClass": _LOST_CLASS,
    "ServerSideEncryption": _LOST_ENCRYPTION,
    "WebsiteRedirectLocation": "website redirect",
}


def is_needed_afterwards(context: Context, target: Target) -> bool:
    """Whether copies lose tags there."""
    habits = context.habits_of(context.bucket(target.bucket))
    return habits.tags_after_copy or habits.tags_after_every_copy


def read_newest(target: Target, context: Context) -> carried_over.Reading:
    """A named version that is not the newest is refused: written anew it would take the place of a
    newer one.
    """
    found = yield from carried_over.read(newest_of(target), context)
    if isinstance(found, Outcome) or not target.version_id:
        return found
    if carried_over.version_of(found.facts.data) == target.version_id:
        return found
    if context.tried_since_s:
        return replace(found, is_changed=True)
    return Outcome(False, 412, CHANGED, NOT_NEWEST)


def newest_of(target: Target) -> Target:
    return Target(target.bucket, target.key, None, target.guard)


def write_anew(
    target: Target,
    context: Context,
    owned: Owned,
    told: Mapping[str, Any],
    tags: Tags | None = None,
) -> Steps:
    """`told` is what CopyObject is asked for, in place of what the object has; of the newest version
    unless it has a CopySource. `tags` are those that it says, None to keep the object's.
    """
    if owned.is_changed:
        return carried_over.CHANGED_SINCE
    is_large = onto_itself_large.is_large(target, context, owned)
    with_tags = tags is None and (is_large or is_needed_afterwards(context, target))
    found = yield from carried_over.read_rest(
        owned, target, context, acl=not says_acl(told), with_tags=with_tags
    )
    if isinstance(found, Outcome):
        return found
    if is_large:
        return (yield from onto_itself_large.write_anew(target, context, found, told, tags))
    return (yield from _write(target, context, found, told, tags))


def says_acl(told: Mapping[str, Any]) -> bool:
    return "ACL" in told or any(name.startswith("Grant") for name in told)


def _write(
    target: Target, context: Context, owned: Owned, told: Mapping[str, Any], tags: Tags | None
) -> Steps:
    params = _params(target, context, owned, told)
    wanted = owned.tags if tags is None else tags
    afterwards = Afterwards.of(context, target, params, wanted, only=tags is not None)
    if afterwards:
        yield Keep(afterwards.to_state())
    answer = yield from _Writing(target, context, owned, params).until_made()
    if isinstance(answer, Answer) and answer.code:
        return (yield from _write_in_parts(target, context, owned, told, tags, answer))
    if isinstance(answer, Outcome):
        if afterwards and 400 <= answer.http_status < 500:
            yield Keep(b"")  # nothing was copied
        return answer
    if afterwards is None:
        return DONE
    outcome = yield from afterwards.put(target, context, answer.data.get("VersionId", ""))
    if outcome.succeeded:
        yield Keep(b"")
    return outcome


def _write_in_parts(
    target: Target,
    context: Context,
    owned: Owned,
    told: Mapping[str, Any],
    tags: Tags | None,
    refusal: Answer,
) -> Steps:
    """What the storage refused as too large for one request; all that was kept goes."""
    yield Keep(b"")
    found: Owned | Outcome = owned
    if tags is None and owned.tags is None:
        found = yield from carried_over.read_rest(
            owned, target, context, acl=not says_acl(told), with_tags=True
        )
    if isinstance(found, Outcome):
        return found
    anew = replace(context, kept=b"")
    steps = onto_itself_large.write_anew(target, anew, found, told, tags, refusal)
    return (yield from steps)


def finish_earlier(target: Target, context: Context) -> Steps:
    """Where nothing has to be copied: what an earlier try of this task had still to set."""
    afterwards = Afterwards.from_state(context.kept)
    if afterwards is None:
        return (yield from onto_itself_large.forget(target, context))
    outcome = yield from afterwards.put_where_lacking(target, context)
    if outcome.succeeded:
        yield Keep(b"")
    return outcome


def _params(target: Target, context: Context, owned: Owned, told: Mapping[str, Any]) -> Params:
    return {
        "Key": target.key,
        "CopySource": {"Bucket": target.bucket, "Key": target.key},
        **carried_over.filled(told, owned, context.now_s()),
        "CopySourceIfMatch": PerObject(owned.facts.etag),
    }


@dataclass(slots=True)
class _Writing:
    target: Target
    context: Context
    owned: Owned
    params: Params

    def until_made(self) -> Generator[Step, Any, Answer | Outcome]:
        """The answer of the copy, also where it is refused as too large, or how the task fails. Whether a copy was made that no answer
        tells of is settled by a look: once more could be refused, since our own copy may have
        another ETag.
        """
        began_s, is_unclear = self.context.now_s(), False
        while True:
            answer: Answer = yield self._call()
            if not answer.code or says_too_large(answer):
                return answer
            if self._is_to_be_told_all(answer):
                continue
            is_lost = answer.proof is Proof.ODD or may_have_been_done(answer)
            if not is_lost and not (is_unclear and answer.http_status == 412):
                return _refused(answer)
            is_unclear = True
            seen = yield from looks.see(newest_of(self.target), self.context, is_look=False)
            if self._is_newer(seen, began_s):
                lacking = lost(self.params, seen)
                if not lacking:
                    return Answer(200, "", "", {"VersionId": seen.answer.data.get("VersionId", "")})
                if answer.proof is Proof.ODD:
                    return not_kept(Finding(lost=lacking))
            if not is_lost or not (yield Later(few=not is_never_cut_short(answer))):
                return _refused(answer)

    def _call(self) -> Call:
        sse = self.params.get("ServerSideEncryption")
        echoes = {"x-amz-server-side-encryption": str(sse)} if sse else {}
        there = self.context.bucket(self.target.bucket)
        return Call(there, "CopyObject", self.params, once=True, echoes=echoes)

    def _is_to_be_told_all(self, answer: Answer) -> bool:
        """Some storages take only new metadata for a change: then those that are there are named."""
        if answer.code != "InvalidRequest" or "MetadataDirective" in self.params:
            return False
        metadata = object_metadata.read(self.owned.headers)
        try:
            object_metadata.check_carried(self.owned.headers, metadata)
        except object_metadata.CannotCarryError:
            return False
        named = {n: p for n, p in object_metadata.to_params(metadata).items() if p is not None}
        self.params = named | self.params
        return True

    def _is_newer(self, seen: looks.Seen, began_s: float) -> bool:
        """What was changed since and has the old size is our copy, if it has what was asked for."""
        facts, before = seen.facts, self.owned.facts
        if facts is None or facts.size_bytes != before.size_bytes:
            return False
        return facts.identity != before.identity and seen.age(began_s) in (Age.NEWER, Age.CLOSE)


def _refused(answer: Answer) -> Outcome:
    if answer.http_status != 412:
        return outcome_of(answer)
    said = answer.message or answer.code
    return Outcome(False, 412, answer.code, CHANGED_MEANWHILE.format(said))


def lost(params: Mapping[str, Any], seen: looks.Seen) -> str:
    """What of a copy is not to be seen, as in "storage class"; empty where all is there."""
    data = seen.answer.data
    shown = {**data, "StorageClass": carried_over.class_of(data)}
    for name, what in _FACTS.items():
        if params.get(name) is not None and str(shown.get(name, "")) != str(params[name]):
            return what
    if "MetadataDirective" in params and params["MetadataDirective"] == "REPLACE":
        return _lost_metadata(params, object_metadata.read(seen.answer.headers))
    return ""


def _lost_metadata(params: Mapping[str, Any], found: object_metadata.Metadata) -> str:
    wanted = object_metadata.from_params(params)
    keeps = all(copy_looks.plain(found.get(n, "")) == copy_looks.plain(wanted[n]) for n in wanted)
    return "" if keeps else "metadata"


def give_up(target: Target, context: Context) -> Generator[Step, Any, Outcome | None]:
    """A job ended between a copy and what had to be set after it: that is set, where it is lacking."""
    afterwards = Afterwards.from_state(context.kept)
    if afterwards is None:
        return (yield from onto_itself_large.clear(target, context))
    outcome = yield from afterwards.put_where_lacking(target, context)
    return None if outcome.succeeded else outcome


# --- What a dry run says


def why_not(outcome: Outcome) -> Outcome:
    """Of a dry run, how a task would end whose object cannot be carried over."""
    if 400 <= outcome.http_status < 500 and outcome.http_status != 429:
        return would_fail(outcome.http_status, outcome.code, outcome.message)
    return cannot_tell(f"{outcome.http_status or ''} {outcome.code}: {outcome.message}".strip())


def refused(
    target: Target, context: Context, owned: Owned, told: Mapping[str, Any]
) -> Generator[Step, Any, Outcome | None]:
    """Why such an object would not be written anew, None where nothing speaks against it."""
    if carried_over.is_archived(owned.facts.data):
        return would_fail(403, "InvalidObjectState", ARCHIVED)
    cannot = onto_itself_large.cannot(owned, told)
    if cannot and onto_itself_large.is_large(target, context, owned):
        return why_not(cannot)
    found = yield from carried_over.read_rest(
        owned, target, context, acl=not says_acl(told), with_tags=False
    )
    return why_not(found) if isinstance(found, Outcome) else None
