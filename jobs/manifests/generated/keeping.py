"""What is kept of a page of a listing, as far as a listing tells."""

from collections import Counter

from jobs.manifests.generated.told_by_listing import tests_of
from jobs.manifests.left_out import DELETE_MARKERS
from jobs.manifests.listing.listed import Keeps, Listed
from jobs.spec.generator import GeneratorSpec
from jobs.spec.generator_extension import ALL


def keeping(spec: GeneratorSpec, skipped: Counter[str], *, takes_markers: bool) -> Keeps:
    """Markers among all versions go to an operation that can do something to them; else they are
    counted in `skipped`. Raises ValueError for a pattern that is none.
    """
    tests = tests_of(spec)
    skips_markers = spec.versions == ALL and not takes_markers

    def keeps(page: list[Listed]) -> list[Listed]:
        for test in tests:
            page = [one for one in page if test(one)]
        if not skips_markers:
            return page
        kept = [one for one in page if not one.is_delete_marker]
        if markers := len(page) - len(kept):
            skipped[DELETE_MARKERS] += markers
        return kept

    return keeps
