import pytest

from jobs.errors import StorageError, StorageUnavailableError
from jobs.s3.sentences import describe

PLACE = "s3://m/x.csv"


@pytest.mark.parametrize(
    ("code", "status", "sentence"),
    [
        ("NoSuchKey", 404, "s3://m/x.csv does not exist. Check the path."),
        ("404", 404, "s3://m/x.csv does not exist. Check the path."),
        (
            "NoSuchBucket",
            404,
            "s3://m/x.csv: the bucket does not exist. Check its name and the Region.",
        ),
        (
            "AccessDenied",
            403,
            "This connection cannot read s3://m/x.csv (AccessDenied). Check the path or choose"
            " another IAM role.",
        ),
        ("PreconditionFailed", 412, "s3://m/x.csv changed meanwhile. Check it again."),
        (
            "SignatureDoesNotMatch",
            403,
            "The secret access key of the IAM role is wrong: the storage refused the signature"
            " (SignatureDoesNotMatch). Correct the role's credentials.",
        ),
        (
            "AuthorizationHeaderMalformed",
            400,
            "The storage cannot read the signature (AuthorizationHeaderMalformed): {odd} words Check"
            " the access key ID of the IAM role and the code of the Region.",
        ),
        (
            "EntityTooLarge",
            400,
            "This connection cannot read s3://m/x.csv: {odd} words (EntityTooLarge).",
        ),
    ],
)
def test_refusal_becomes_what_is_wrong_where_and_what_to_do(code, status, sentence):
    error = StorageError(code, "{odd} words", http_status=status)
    assert describe(error, place=PLACE) == sentence


@pytest.mark.parametrize(
    ("code", "status", "sentence"),
    [
        (
            "EndpointConnectionError",
            0,
            "The storage does not answer. Check the Region's endpoint URL.",
        ),
        (
            "ConnectionClosedError",
            0,
            "The connection to the storage broke off (ConnectionClosedError). Try again.",
        ),
        ("SlowDown", 503, "The storage cannot answer now (503 SlowDown). Try again later."),
        ("500", 500, "The storage cannot answer now (500 500). Try again later."),
    ],
)
def test_storage_that_cannot_answer_is_said_to_be_that(code, status, sentence):
    error = StorageUnavailableError(code, "whatever", http_status=status)
    assert describe(error, place=PLACE) == sentence


def test_what_was_tried_stands_in_the_sentence():
    error = StorageError("AccessDenied", "Access Denied", http_status=403)
    assert "cannot write to s3://m/x.csv" in describe(error, place=PLACE, verb="write to")


def test_braces_in_a_key_stay_as_they_are():
    error = StorageError("NoSuchKey", "", http_status=404)
    assert describe(error, place="s3://m/{code}{0}").startswith("s3://m/{code}{0} does not exist")


def test_region_code_that_is_wrong_is_named_with_the_right_one():
    message = (
        "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'NL'"
    )
    error = StorageError("AuthorizationHeaderMalformed", message, http_status=400)
    assert describe(error, place=PLACE) == (
        "The storage wants requests signed for the region code NL, and not for us-east-1."
        " Set the Region's code to NL under Regions."
    )
