import pytest

from jobs.operations.preconditions import OBJECT_LOCK, Precondition
from jobs.s3.answers import Answer
from jobs.s3.proof import Proof


def answer_with(enabled):
    return Answer(200, "", "", {"ObjectLockConfiguration": enabled})


@pytest.mark.parametrize(
    ("answer", "holds"),
    [
        (answer_with({"ObjectLockEnabled": "Enabled"}), True),
        (answer_with({"ObjectLockEnabled": "Disabled"}), False),
        (Answer(200, "", "", {}), False),
        (Answer(404, "ObjectLockConfigurationNotFoundError", ""), False),
        (Answer(404, "NoSuchObjectLockConfiguration", ""), False),
        (Answer(403, "AccessDenied", ""), None),
        (Answer(405, "MethodNotAllowed", ""), None),
        (Answer(501, "NotImplemented", ""), None),
        (Answer(404, "NoSuchBucket", ""), None),
        (Answer(400, "InvalidRequest", ""), None),
        (Answer(404, "ObjectLockConfigurationNotFoundError", "", proof=Proof.FOREIGN), None),
        (Answer(200, "UnclearAnswer", "", proof=Proof.ODD), False),
        (Answer(400, "400", "", proof=Proof.ODD), None),
    ],
)
def test_answer_says_yes_or_no_or_does_not_tell(answer, holds):
    assert OBJECT_LOCK.holds(answer) is holds


@pytest.mark.parametrize("action", ["PutObjectLockConfiguration", "CopyObject", "DeleteBucket"])
def test_precondition_that_does_not_only_read_is_refused(action):
    with pytest.raises(ValueError, match=f"{action} does not only read"):
        Precondition(action, bool, frozenset(), "whether it is", "It is not on {bucket}")
