"""What is read of a body, and what is no request."""

import pytest

from jobs.errors import ValidationFailedError
from jobs.s3control import shapes
from jobs.s3control.reading import read

BOMB = b"""<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;">]><CreateJobRequest><Description>&c;</Description></CreateJobRequest>"""
REACHING_OUT = b"""<!DOCTYPE b [<!ENTITY a SYSTEM "file:///etc/passwd">]>
<CreateJobRequest><Description>&a;</Description></CreateJobRequest>"""


def members(inner):
    body = f"<CreateJobRequest>{inner}</CreateJobRequest>".encode()
    return read(body, "CreateJobRequest", shapes.CREATE_JOB)


def problems(inner):
    with pytest.raises(ValidationFailedError) as caught:
        members(inner)
    return {problem.field: problem.message for problem in caught.value.problems}


@pytest.mark.parametrize("spelling", ["member", "S3Tag"])
def test_lists_are_read_in_both_spellings(spelling):
    tag = f"<{spelling}><Key>a</Key><Value /></{spelling}>"
    assert members(f"<Tags>{tag}</Tags>").members == {"Tags": [{"Key": "a", "Value": ""}]}


def test_what_is_empty_is_not_absent():
    copy = "<S3PutObjectCopy><NewObjectTagging /></S3PutObjectCopy>"
    told = members(f"<Operation>{copy}</Operation>").members
    assert told == {"Operation": {"S3PutObjectCopy": {"NewObjectTagging": []}}}


def test_namespace_plays_no_part():
    plain = members("<Priority>1</Priority>").members
    body = b'<CreateJobRequest xmlns="http://x/"><Priority>1</Priority></CreateJobRequest>'
    assert read(body, "CreateJobRequest", shapes.CREATE_JOB).members == plain == {"Priority": 1}


@pytest.mark.parametrize("body", [b"", b"<", b"<a>", b"\x00", b"{}", b"<a/>x", BOMB, REACHING_OUT])
def test_what_is_no_xml_or_has_entities_of_its_own_is_refused(body):
    with pytest.raises(ValidationFailedError):
        read(body, "CreateJobRequest", shapes.CREATE_JOB)


@pytest.mark.parametrize(
    ("inner", "path"),
    [
        ("<Operation><S3Burn /></Operation>", "Operation.S3Burn"),
        (
            "<Operation><S3PutObjectTagging><TagSet><member><Key>a</Key><More>b</More></member>"
            "</TagSet></S3PutObjectTagging></Operation>",
            "Operation.S3PutObjectTagging.TagSet[0].More",
        ),
        ("<Manifest><Spec><Sort>a</Sort></Spec></Manifest>", "Manifest.Spec.Sort"),
        (
            "<ManifestGenerator><S3JobManifestGenerator><Filter><Age>1</Age></Filter>"
            "</S3JobManifestGenerator></ManifestGenerator>",
            "ManifestGenerator.S3JobManifestGenerator.Filter.Age",
        ),
        ("<Priority>high</Priority>", "Priority"),
        ("<Priority>1</Priority><Priority>2</Priority>", "Priority"),
        ("<ConfirmationRequired>yes</ConfirmationRequired>", "ConfirmationRequired"),
        ("<Description><b/></Description>", "Description"),
        ("<Report>text</Report>", "Report"),
        ("<Tags><Tag/></Tags>", "Tags[0]"),
    ],
)
def test_what_is_not_known_where_it_counts_or_is_of_another_shape_is_named(inner, path):
    assert path in problems(inner)


def test_what_is_not_known_elsewhere_is_ignored_and_told():
    told = members("<Report><Colour>red</Colour></Report><Urgent>true</Urgent>")
    assert told.ignored == ["Report.Colour", "Urgent"]
    assert told.members == {"Report": {}}
