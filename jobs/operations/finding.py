"""What a look at a task's object showed, after a task that succeeded."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """What a look at a task's object showed. `lost` is what the storage accepted and did not keep,
    as in "tags", empty where all is there; `unseen` is why it could not be looked at. `is_unsure`:
    this object could not show it, another may (one without tags does not show whether tags are
    kept).
    """

    lost: str = ""
    unseen: str = ""
    is_unsure: bool = False
    speaks_against: bool = False
    """What answered the look is no storage, or is one that marks its answers: then an answer without
    a mark is none of its own.
    """
    said: str = ""
    """The sentence for a person, where "did not keep" is not all."""

    @property
    def sentence(self) -> str:
        """ "The storage accepted the tags and did not keep them."."""
        pronoun = "them" if self.lost.endswith("s") or " and " in self.lost else "it"
        return self.said or f"The storage accepted the {self.lost} and did not keep {pronoun}."


NOTHING_TO_SEE = Finding()
