"""What the first tasks of a job say about the others. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Canary:
    """Of the first `tasks` of a job, `succeeded` and `failed` were run."""

    tasks: int
    percent: int
    succeeded: int
    failed: int

    @property
    def found_too_many(self) -> bool:
        """Strictly more than `percent` per cent will have failed, whatever the rest does: so it
        asks as soon as that is certain.
        """
        return self.failed * 100 > self.tasks * self.percent

    @property
    def is_through(self) -> bool:
        return self.succeeded + self.failed >= self.tasks

    @property
    def sentence(self) -> str:
        done = self.succeeded + self.failed
        return f"{self.failed:,} of the first {done:,} tasks failed, more than {self.percent}%."
