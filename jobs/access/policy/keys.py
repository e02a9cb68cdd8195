"""The condition keys that there are (docs/access.md, Condition keys)."""

import re
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a key's values are, and so which operators fit."""

    STRING = "a text"
    NUMERIC = "a number"
    DATE = "a date"
    BOOL = "true or false"
    IP = "an IP address"
    ARN = "an ARN"


class Of(Enum):
    """Whose key it is. Only what the job alone has differs from job to job of one request."""

    PERSON = "the person"
    REQUEST = "the request"
    JOB = "the job"


@dataclass(frozen=True, slots=True)
class Key:
    """`name` as AWS spells it; one that ends in "/" is followed by the key of a tag. One of `many` has
    several values at once.
    """

    name: str
    kind: Kind
    of: Of
    says: str
    many: bool = False

    @property
    def is_of_tags(self) -> bool:
        return self.name.endswith("/")


KEYS = (
    Key("aws:username", Kind.STRING, Of.PERSON, "the email that the person signs in with"),
    Key("aws:userid", Kind.STRING, Of.PERSON, "the number of the account"),
    Key("aws:PrincipalArn", Kind.ARN, Of.PERSON, "the ARN of the account"),
    Key("aws:PrincipalTag/", Kind.STRING, Of.PERSON, "a tag of the person"),
    Key("aws:CurrentTime", Kind.DATE, Of.REQUEST, "when it is asked"),
    Key("aws:EpochTime", Kind.NUMERIC, Of.REQUEST, "the same in seconds since 1970"),
    Key("aws:SourceIp", Kind.IP, Of.REQUEST, "the address that the request comes from"),
    Key("aws:RequestTag/", Kind.STRING, Of.REQUEST, "a tag that the request sets"),
    Key("aws:TagKeys", Kind.STRING, Of.REQUEST, "the keys of the tags that the request sets", True),
    Key("aws:ResourceTag/", Kind.STRING, Of.JOB, "a tag of the job"),
    Key("iam:PassedToService", Kind.STRING, Of.REQUEST, "who is given the IAM role"),
    Key("s3:RequestJobPriority", Kind.NUMERIC, Of.REQUEST, "the priority that the request sets"),
    Key("s3:RequestJobOperation", Kind.STRING, Of.REQUEST, "the operation of the new job"),
    Key("s3:ExistingJobPriority", Kind.NUMERIC, Of.JOB, "the job's priority"),
    Key("s3:ExistingJobOperation", Kind.STRING, Of.JOB, "the job's operation"),
    Key("s3:JobSuspendedCause", Kind.STRING, Of.JOB, "what a suspended job waits for"),
    Key("batchconsole:RequestedJobStatus", Kind.STRING, Of.REQUEST, "Ready or Cancelled"),
    Key("batchconsole:IsJobOwner", Kind.BOOL, Of.JOB, "whether the person created the job"),
    Key("batchconsole:TotalTasks", Kind.NUMERIC, Of.JOB, "how many objects the job's list has"),
    Key("batchconsole:JobBytes", Kind.NUMERIC, Of.JOB, "how many bytes these objects have"),
    Key("batchconsole:TargetBucket", Kind.STRING, Of.JOB, "the buckets of the job's list", True),
    Key("batchconsole:HourOfDay", Kind.NUMERIC, Of.REQUEST, "the hour, 0 to 23"),
    Key("batchconsole:DayOfWeek", Kind.STRING, Of.REQUEST, "the day, such as Monday"),
)

NOT_FOR_READING = frozenset({"batchconsole:targetbucket"})
"""Of a job that is only read these are absent: whether it is seen must be told by the database."""

MOST_OF_A_TAG = 128
_UPPER = re.compile(r"[A-Z]+")


def fold(name: str) -> str:
    """The form in which names of keys are compared. Letters beyond A to Z keep their case, since what
    databases take for the same letter differs.
    """
    return _UPPER.sub(lambda found: found[0].lower(), name)


_BY_NAME = {fold(key.name): key for key in KEYS}


def find(name: str) -> Key | None:
    """The key that `name` means in any case, "aws:ResourceTag/team" included; None when there is none."""
    before, slash, tag = name.partition("/")
    if slash and not 1 <= len(tag) <= MOST_OF_A_TAG:
        return None
    return _BY_NAME.get(fold(before + slash))


def of_whom(name: str) -> Of | None:
    key = find(name)
    return key.of if key else None
