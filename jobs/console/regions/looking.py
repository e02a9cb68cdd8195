"""What the connection test says of a try of the storage with a small object."""

from collections.abc import Mapping
from dataclasses import dataclass

from jobs.s3.keeping import Kept, Look

TAGS, COPIES, LOCK = "Tags", "Copies", "Object Lock"
NO_PLACE = (
    "Whether this storage keeps tags and what is sent with a copy can be tried in a default place"
    " only: a small object is written there and deleted again. Enter one and test again."
)
SWITCHES = ("tags_after_copy", "lock_after_copy")


@dataclass(frozen=True, slots=True)
class Result:
    """One step: `tone` is ok, warn (works, yet), err, or unseen (it was not looked at)."""

    step: str
    tone: str
    sentence: str


def switches_of(kept: Kept | None) -> Mapping[str, bool]:
    """Fields of a Region that the try has shown how to set."""
    found = {name: getattr(kept, name) for name in SWITCHES} if kept else {}
    return {name: value for name, value in found.items() if value is not None}


def results_of(kept: Kept | None) -> list[Result]:
    """None where there is no place to try it in."""
    if kept is None:
        return [Result(f"{TAGS} and copies", "unseen", NO_PLACE)]
    results = _together([_tags(kept), _copies(kept), _lock(kept)])
    if kept.left:
        left = f"{kept.left} A later test tries again to delete it."
        results.append(Result("Object of the test", "warn", left))
    return results


def _tags(kept: Kept) -> Result:
    if kept.content.kept is False:
        sentence = (
            "This storage takes tags for the object's new content: it does not know object tags."
            " Run no job here that sets tags."
        )
        return Result(TAGS, "warn", sentence)
    if kept.tags.kept is False:
        return Result(TAGS, "warn", "This storage accepts the tags of an object and loses them.")
    return _ok_or_unseen(TAGS, kept.tags, "The storage keeps the tags of an object.")


def _copies(kept: Kept) -> Result:
    if kept.metadata.kept is False:
        sentence = "This storage ignores metadata that is sent with a copy."
        if kept.copy_tags.kept is False:
            sentence = "This storage ignores metadata and tags that are sent with a copy."
        if kept.tags_after_copy:
            sentence += " Batchconsole sets the tags afterwards."
        return Result(COPIES, "warn", sentence)
    if kept.copy_tags.kept is False:
        sentence = "This storage ignores tags that are sent with a copy."
        if kept.tags_after_copy:
            sentence += " Batchconsole sets them afterwards."
        return Result(COPIES, "warn", sentence)
    if kept.metadata.kept is None:
        return _ok_or_unseen(COPIES, kept.metadata, "")
    good = "A copy has the metadata and the tags that are sent with it."
    if kept.copy_tags.kept is None:
        good = "A copy has the metadata that is sent with it."
        return Result(COPIES, "ok", f"{good} Its tags were not looked at: {kept.copy_tags.why}")
    return Result(COPIES, "ok", good)


def _lock(kept: Kept) -> Result:
    if kept.lock.kept is False:
        sentence = (
            "This storage ignores retention and legal hold that are sent with a copy. Batchconsole"
            " sets them afterwards."
        )
        return Result(LOCK, "warn", sentence)
    return _ok_or_unseen(LOCK, kept.lock, "A copy has the retention that is sent with it.")


def _ok_or_unseen(step: str, look: Look, good: str) -> Result:
    return Result(step, "ok", good) if look.kept else Result(step, "unseen", look.why)


def _together(results: list[Result]) -> list[Result]:
    """What was not looked at for one reason is one step."""
    first = results[0]
    if first.tone == "unseen" and {result.sentence for result in results} == {first.sentence}:
        return [Result(f"{TAGS}, copies and {LOCK}", "unseen", first.sentence)]
    return results
