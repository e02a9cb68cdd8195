"""Bodies that are XML but for a key that it cannot carry."""

import pytest

from jobs.s3.xml_bodies import error_in, root_of

UNFIT = ["\x01", "\x1f", "\x00", "&#1;", "&#x1;", "&#x0B;", "&#12;", "&#31;", "&#x1F;", "&#0014;"]
FIT = ["\t", "\r", "&#9;", "&#xA;", "&#13;", "&#32;", "&#x20;", "ü"]


@pytest.mark.parametrize("text", UNFIT + FIT)
def test_refusal_is_read_whatever_key_it_names(text):
    body = f"<?xml version='1.0'?><Error><Code>NoSuchKey</Code><Key>a{text}b</Key></Error>"
    assert error_in(root_of(body.encode()))["Code"] == "NoSuchKey"


@pytest.mark.parametrize("text", UNFIT)
def test_what_is_no_refusal_is_not_mended(text):
    assert root_of(f"<Tagging><TagSet>{text}</TagSet></Tagging>".encode()) is None
    assert root_of(f"<Error><Code>{text}".encode()) is None
