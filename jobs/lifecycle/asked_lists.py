"""What can be wrong with a list whose objects are asked for their tags, metadata or current versions."""

from collections.abc import Sequence

from jobs.errors import Problem
from jobs.manifests.generated.patterns import problems_of_pairs
from jobs.operations import registry
from jobs.spec.manifest import FILTER, METADATA, OURS, PIN, TAGS, ManifestSpec
from jobs.spec.pairs import Pair


def check_asking(spec: ManifestSpec, operation: str) -> list[Problem]:
    """All that is wrong, as far as it can be told without a look at the storage."""
    at = f"{OURS}.{FILTER}"
    problems = check_globs(spec.tags, spec.metadata)
    known = registry.find(operation)
    if spec.asks_objects and known is not None and known.takes_free_keys:
        said = (
            f"{known.label} takes any text as a key, so there may be no object to ask. Leave out filters by"
            " tags and metadata, and do not pin versions."
        )
        problems.append(Problem(f"{OURS}.{PIN}" if spec.pins_versions else at, said))
    return problems


def check_globs(tags: Sequence[Pair], metadata: Sequence[Pair]) -> list[Problem]:
    at = f"{OURS}.{FILTER}"
    return problems_of_pairs({f"{at}.{TAGS}": tags, f"{at}.{METADATA}": metadata})
