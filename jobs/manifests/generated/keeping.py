"""What is kept of a page of a listing."""

from collections import Counter
from dataclasses import dataclass, field

from jobs.manifests.generated.told_by_listing import Test, tests_of
from jobs.manifests.listing.listed import Listed
from jobs.spec.generator import GeneratorSpec
from jobs.spec.generator_extension import ALL

MARKERS = "delete markers"


@dataclass(slots=True)
class Keeping:
    """A `listing.listed.Keeps`. `skipped` counts what belongs to the list and is no task, by reason."""

    tests: list[Test]
    takes_markers: bool
    skipped: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, spec: GeneratorSpec, *, takes_markers: bool) -> "Keeping":
        """Markers among all versions go to an operation that can do something to them, and are skipped
        else. Raises ValueError for a pattern that is none.
        """
        return cls(tests_of(spec), takes_markers or spec.versions != ALL)

    def __call__(self, batch: list[Listed]) -> list[Listed]:
        for test in self.tests:
            batch = [one for one in batch if test(one)]
        if self.takes_markers:
            return batch
        kept = [one for one in batch if not one.is_delete_marker]
        if markers := len(batch) - len(kept):
            self.skipped[MARKERS] += markers
        return kept
