import pytest

from jobs.choices import Risk
from jobs.errors import ValidationFailedError
from jobs.operations.put_object_tagging import PutObjectTagging

NOT_ALLOWED = "A tag holds letters, digits, spaces and the characters _ . : / = + - @ only."


def tag(key, value=""):
    return {"Key": key, "Value": value}


def problems(parameters):
    with pytest.raises(ValidationFailedError) as caught:
        PutObjectTagging.parse(parameters)
    return [(problem.field, problem.message) for problem in caught.value.problems]


@pytest.mark.parametrize(
    "tag_set",
    [
        [tag("team", "blue")],
        [tag("k")],
        [tag("k" * 128, "v" * 256)],
        [tag("Team", "1"), tag("team", "2")],
        [tag("日本 ü_.:/=+-@", "٣")],
        [tag(f"k{n}") for n in range(10)],
    ],
)
def test_right_tags_are_kept_in_order(tag_set):
    assert PutObjectTagging.parse({"TagSet": tag_set}).to_wire() == {"TagSet": tag_set}


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, [("TagSet", "Enter at least one tag.")]),
        ({"TagSet": []}, [("TagSet", "Enter at least one tag.")]),
        ({"TagSet": "team"}, [("TagSet", "TagSet must be a list.")]),
        ({"TagSet": None}, [("TagSet", "TagSet must be a list.")]),
        (
            {"TagSet": ["team"]},
            [
                ("TagSet[0]", "TagSet[0] must be a structure."),
                ("TagSet[0].Key", "TagSet[0].Key must have 1 to 128 characters, not 0."),
            ],
        ),
        (
            {"TagSet": [tag("a"), tag("")]},
            [
                ("TagSet[1].Key", "TagSet[1].Key must have 1 to 128 characters, not 0."),
            ],
        ),
        (
            {"TagSet": [tag("k" * 129, "v" * 257)]},
            [
                ("TagSet[0].Key", "TagSet[0].Key must have 1 to 128 characters, not 129."),
                ("TagSet[0].Value", "TagSet[0].Value must have 0 to 256 characters, not 257."),
            ],
        ),
        (
            {"TagSet": [tag("a"), tag("b"), tag("a", "1")]},
            [
                ("TagSet[2].Key", 'The tag "a" is entered twice.'),
            ],
        ),
        (
            {"TagSet": [tag("a&b", "c,d")]},
            [
                ("TagSet[0].Key", NOT_ALLOWED),
                ("TagSet[0].Value", NOT_ALLOWED),
            ],
        ),
        (
            {"TagSet": [tag("AWS:x")]},
            [
                ("TagSet[0].Key", 'Keys that start with "aws:" are reserved.'),
            ],
        ),
        (
            {"TagSet": [tag(f"k{n}") for n in range(11)]},
            [
                ("TagSet", "An object has at most 10 tags, not 11."),
            ],
        ),
        (
            {"TagSet": [{"Key": 5, "Value": True}]},
            [
                ("TagSet[0].Key", "TagSet[0].Key must be a text."),
                ("TagSet[0].Value", "TagSet[0].Value must be a text."),
            ],
        ),
        (
            {"TagSet": [tag("a")], "Tagset": []},
            [
                ("Tagset", '"Tagset" is not a parameter here. Take it out.'),
            ],
        ),
        (
            {"TagSet": [{**tag("a"), "value": "1"}]},
            [
                ("TagSet[0].value", '"value" is not a parameter here. Take it out.'),
            ],
        ),
    ],
)
def test_wrong_tags_get_a_sentence_at_their_place(parameters, expected):
    assert problems(parameters) == expected


def test_person_reads_what_will_happen_with_numbers_and_names():
    operation = PutObjectTagging.parse({"TagSet": [tag("team", "blue"), tag("year", "2026")]})
    assert operation.consequence(12_000, ["photos"]) == (
        "Replaces every tag on 12,000 objects in photos. Tags not in the new set are lost."
    )
    assert operation.consequence(1, ["a", "b"]).startswith(
        "Replaces every tag on 1 object in a and b."
    )
    assert operation.consequence(None, []).startswith(
        "Replaces every tag on every listed object in the listed buckets."
    )
    assert "in a, b and 2 more buckets." in operation.consequence(2, ["a", "b", "c", "d"])
    assert operation.summary() == [("New tags", "team=blue, year=2026")]
    assert (operation.risk, operation.target_buckets()) == (Risk.DESTRUCTIVE, [])
