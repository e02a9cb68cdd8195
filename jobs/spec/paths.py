"""Where a problem of a job lies: the wire path of a member of CreateJob, as in
"Operation.S3PutObjectTagging.TagSet[0].Key".

Each door says it in its own words: the browser at one of its fields, the REST API as it is.
"""

from collections.abc import Iterable

from jobs.errors import Problem
from jobs.spec.manifest import OURS

REGION = "Region"
"""No member: the browser has a field for it, and AWS clients sign for it."""
OPERATION = "Operation"
OBJECT, ETAG = "Manifest.Location.ObjectArn", "Manifest.Location.ETag"
FIELDS = "Manifest.Spec.Fields"
GENERATOR = "ManifestGenerator.S3JobManifestGenerator"
REPORT, REPORT_BUCKET, REPORT_PREFIX = "Report.Enabled", "Report.Bucket", "Report.Prefix"
ROLE, DESCRIPTION, PRIORITY = "RoleArn", "Description", "Priority"
TOKEN, TAGS = "ClientRequestToken", "Tags"
PLUS_IS_SPACE = f"{OURS}.PlusIsSpace"
SAMPLE_ROWS, GUARDED_BY = f"{OURS}.SampleRows", f"{OURS}.GuardedBy"
LIMITS = f"{OURS}.Limits"


def under(path: str, problems: Iterable[Problem]) -> list[Problem]:
    """Of what stands within `path`. What is ours stands beside AWS's members, wherever it is about."""
    return [problem if _is_ours(problem) else _moved(path, problem) for problem in problems]


def of_operation(name: str, problems: Iterable[Problem]) -> list[Problem]:
    """Of the parameters of an operation."""
    return under(f"{OPERATION}.{name}", problems)


def of_generator(problems: Iterable[Problem]) -> list[Problem]:
    return under(GENERATOR, problems)


def _is_ours(problem: Problem) -> bool:
    return problem.field.startswith(f"{OURS}.")


def _moved(path: str, problem: Problem) -> Problem:
    whole = f"{path}.{problem.field}" if problem.field else path
    message = problem.message
    if problem.field and message.startswith(problem.field):
        message = whole + message.removeprefix(problem.field)
    return Problem(whole, message)
