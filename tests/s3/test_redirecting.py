import pytest

from jobs.s3.redirecting import expected_region, lies_elsewhere, wrong_region

REGION = {"x-amz-bucket-region": "eu-west-1"}
ENDPOINT = {"Endpoint": "photos.s3.eu-west-1.example", "Bucket": "photos"}
BOTH = (
    "The bucket photos lies in Region eu-west-1 (endpoint photos.s3.eu-west-1.example)."
    " Connect that Region under Regions."
)


@pytest.mark.parametrize(
    ("bucket", "error", "headers", "sentence"),
    [
        ("photos", ENDPOINT, REGION, BOTH),
        ("", ENDPOINT, REGION, BOTH),
        ("photos", ENDPOINT | {"Region": "eu-west-1"}, {}, BOTH),
        ("photos", {}, REGION | {"location": "https://photos.s3.eu-west-1.example/a b"}, BOTH),
        (
            "photos",
            {},
            REGION,
            "The bucket photos lies in Region eu-west-1. Connect that Region under Regions.",
        ),
        (
            "photos",
            ENDPOINT,
            {},
            "The bucket photos lies at the endpoint photos.s3.eu-west-1.example."
            " Connect that endpoint under Regions.",
        ),
        (
            "photos",
            {"Endpoint": "<script>", "Region": "no region"},
            {"location": "/photos/a"},
            "The bucket photos lies in another Region, and the storage does not say in which."
            " Connect that Region under Regions.",
        ),
        ("", {}, REGION, "The bucket lies in Region eu-west-1. Connect that Region under Regions."),
    ],
)
def test_redirect_says_where_the_bucket_lies_and_what_to_do(bucket, error, headers, sentence):
    assert lies_elsewhere(bucket, error, headers) == sentence


@pytest.mark.parametrize(
    ("error", "headers", "code"),
    [
        ({"Message": "the region 'us-east-1' is wrong; expecting 'NL'"}, {}, "NL"),
        ({"Message": "The region is wrong; expecting 'eu_1.x'"}, {}, "eu_1.x"),
        ({"Message": "The region is wrong.", "Region": "RegionOne"}, {}, "RegionOne"),
        ({"Message": "No."}, REGION, "eu-west-1"),
        ({"Message": "expecting 'a/b'"}, {}, ""),
        ({}, {}, ""),
    ],
)
def test_region_that_a_storage_expects_is_found_where_it_says_so(error, headers, code):
    assert expected_region(error, headers) == code


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (
            "the region 'us-east-1' is wrong; expecting 'NL'",
            "The storage wants requests signed for the region code NL, and not for us-east-1."
            " Set the Region's code to NL under Regions.",
        ),
        (
            "the region is wrong; expecting 'NL'",
            "The storage wants requests signed for the region code NL."
            " Set the Region's code to NL under Regions.",
        ),
        (
            "Wrong region.",
            "The storage refused the Region's code: Wrong region. Correct the code under Regions.",
        ),
        ("The Credential is mal-formed.", ""),
    ],
)
def test_refused_region_code_says_which_one_to_set(message, sentence):
    assert wrong_region({"Message": message}, {}) == sentence
