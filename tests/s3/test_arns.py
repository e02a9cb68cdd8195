import pytest

from jobs.s3 import arns


@pytest.mark.parametrize(
    ("arn", "bucket"),
    [
        ("arn:aws:s3:::photos", "photos"),
        ("arn:aws-cn:s3:::my.bucket-1", "my.bucket-1"),
        ("arn:aws:s3:::Old_Bucket", "Old_Bucket"),
    ],
)
def test_bucket_arn_of_any_partition_names_its_bucket(arn, bucket):
    assert arns.parse_bucket_arn(arn) == bucket


@pytest.mark.parametrize(
    "arn",
    [
        *("", "photos", "s3://photos", "arn:aws:s3:::", "arn:aws:s3:::photos/", "arn:aws:s3:::ab"),
        *("arn:aws:s3:::photos/key", "arn:aws:s3:us-east-1::photos", "arn:aws:s3:::a..b"),
        *("arn:aws:s3:::photos\n", "arn:aws:s3:us-west-2:123456789012:accesspoint/mine"),
        "arn:aws:s3express:us-west-2:123456789012:bucket/base--usw2-az1--x-s3",
    ],
)
def test_what_is_no_bucket_arn_is_refused_with_a_sentence(arn):
    with pytest.raises(ValueError, match=r"^\".*\.$"):
        arns.parse_bucket_arn(arn)


@pytest.mark.parametrize("key", ["k", "a/b", "sp ace+%20", "日本/ü", "/lead", "line\nbreak"])
def test_object_arn_holds_the_raw_key(key):
    assert arns.parse_object_arn(arns.object_arn("photos", key)) == ("photos", key)


@pytest.mark.parametrize("arn", ["arn:aws:s3:::photos", "arn:aws:s3:::photos/", "photos/key"])
def test_what_is_no_object_arn_is_refused_with_the_right_form(arn):
    with pytest.raises(ValueError, match=r"Write it as arn:aws:s3:::bucket/key\."):
        arns.parse_object_arn(arn)


def test_job_arn_names_region_account_and_job():
    arn = arns.job_arn("eu-1", "123456789012", "9d5c")
    assert arn == "arn:aws:s3:eu-1:123456789012:job/9d5c"


@pytest.mark.parametrize(
    ("arn", "is_one"),
    [
        ("arn:aws:iam::123456789012:role/batch", True),
        ("arn:aws-cn:iam::123456789012:role/path/to/batch", True),
        ("arn:aws:iam::123456789012:role/", False),
        ("arn:aws:iam::12345678901:role/batch", False),
        ("arn:aws:iam::１２３４５６７８９０１２:role/batch", False),
        ("arn:aws:iam::123456789012:user/batch", False),
        ("arn:aws:iam::123456789012:role/" + "x" * 2048, False),
    ],
)
def test_role_arn_is_told_from_others(arn, is_one):
    assert arns.is_role_arn(arn) is is_one


@pytest.mark.parametrize(
    ("uri", "parts"),
    [
        ("s3://photos/a/b.csv", ("photos", "a/b.csv")),
        (" s3://photos/a \n", ("photos", "a")),
        ("s3://photos//a", ("photos", "/a")),
        ("s3://photos", ("photos", "")),
        ("s3://photos/", ("photos", "")),
        ("s3://photos/s3://b", ("photos", "s3://b")),
    ],
)
def test_s3_uri_is_cut_at_the_first_slash(uri, parts):
    assert arns.parse_s3_uri(uri) == parts


@pytest.mark.parametrize(
    ("uri", "sentence"),
    [
        ("photos/a.csv", "Write the path as s3://bucket/key."),
        ("", "Write the path as s3://bucket/key."),
        ("https://s3.example/photos/a", "Write the path as s3://bucket/key."),
        ("S3://photos/a", "Write the path as s3://bucket/key."),
        ("s3://", '"" is not a bucket name: use 3 to 63 small letters, digits, hyphens and dots.'),
        ("s3://photos/" + "ü" * 513, "The key has 1,026 bytes; 1,024 are allowed."),
        ("s3://photos/\ud800", "The key is not valid Unicode."),
    ],
)
def test_wrong_s3_uri_gets_a_sentence(uri, sentence):
    with pytest.raises(ValueError) as caught:
        arns.parse_s3_uri(uri)
    assert str(caught.value) == sentence
