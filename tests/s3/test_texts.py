"""Texts that differ from object to object, in any part of a request, against botocore's own."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.s3.calls import Call
from jobs.s3.template import KEY_MARK, VERSION_MARK, PerObject, TextTemplate
from tests.s3.test_requesting import AWKWARD, PATH, Both, keys, versions

TEXTS = st.one_of(
    st.sampled_from([*AWKWARD, "", " ", "<a>&amp;]]>", "%s%%", "\ud800", "\ufffe", KEY_MARK[:5]]),
    st.text(max_size=40),
)
IN_HEADERS = st.one_of(
    st.sampled_from(["", " a", "a  b", "a ", "%s", "a,b;c", "=?x?="]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30),
)


def with_version(params, version):
    return params if version is None else {**params, "VersionId": version}


def tagging(key, version, *values, mark=PerObject):
    tags = [{"Key": f"tag {n}", "Value": mark(value)} for n, value in enumerate(values)]
    params = {"Key": key, "Tagging": {"TagSet": [{"Key": "all", "Value": "%d <&> ü"}, *tags]}}
    return Call("PutObjectTagging", "photos", with_version(params, version))


def restoring(key, text):
    request = {"Type": "SELECT", "Description": PerObject(text), "Tier": "Bulk"}
    return Call("RestoreObject", "photos", {"Key": key, "RestoreRequest": request})


def copying(key, text, version=None):
    source = with_version({"Bucket": "old", "Key": key}, version)
    params = {"Key": key, "CopySource": source, "Metadata": {"owner": PerObject(text)}}
    return Call("CopyObject", "photos", params)


def completing(key, upload_id, etag):
    parts = {"Parts": [{"PartNumber": 1, "ETag": PerObject(etag)}]}
    params = {"Key": key, "UploadId": PerObject(upload_id), "MultipartUpload": parts}
    return Call("CompleteMultipartUpload", "photos", params)


@pytest.fixture(scope="module")
def both():
    return Both(PATH)


def same(both, call):
    """Whether both ways agree; a text that botocore refuses is refused in both."""
    try:
        expected = both.by_botocore(call)
    except Exception as refusal:
        with pytest.raises(type(refusal)):
            both.by_us(call)
        return
    assert both.by_us(call) == expected


@given(key=keys, version=versions, one=TEXTS, other=TEXTS)
@settings(max_examples=200, deadline=None)
def test_tags_of_each_objects_own_are_bit_for_bit_botocores(both, key, version, one, other):
    same(both, tagging(key, version, one, other))


@given(key=keys, text=TEXTS)
@settings(max_examples=100, deadline=None)
def test_text_in_a_body_without_a_required_checksum_is_botocores(both, key, text):
    same(both, restoring(key, text))


@given(key=keys, text=IN_HEADERS)
@settings(max_examples=100, deadline=None)
def test_text_in_a_header_is_botocores(both, key, text):
    same(both, copying(key, text))


@given(key=keys, upload_id=TEXTS, etag=TEXTS)
@settings(max_examples=100, deadline=None)
def test_texts_in_a_query_and_a_body_are_botocores(both, key, upload_id, etag):
    same(both, completing(key, upload_id, etag))


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
@pytest.mark.parametrize("checksums", [True, False])
def test_checksum_that_was_chosen_is_that_of_each_body(algorithm, checksums):
    both = Both(PATH)
    if not checksums:
        both.requests.leave_out_checksums()
    for value in ("a", "ü & b", "c" * 1000):
        call = tagging("k", None, value)
        same(both, replace(call, params={**call.params, "ChecksumAlgorithm": algorithm}))
    assert len(both.caught) == 3 + 1


def test_calls_that_differ_in_their_texts_are_rehearsed_once():
    both = Both(PATH)
    for number in range(50):
        template, _ = both.requests.prepare(tagging(f"k{number}", None, f"value {number}", "x"))
        assert isinstance(template, TextTemplate)
    assert len(both.caught) == 1


def test_calls_with_plain_texts_and_with_an_objects_own_do_not_get_in_each_others_way():
    both = Both(PATH)
    for _ in range(2):
        for mark in (str, PerObject):
            for value in ("a", "b"):
                same(both, tagging("k", None, value, mark=mark))


def test_text_that_botocore_looks_at_is_left_to_it():
    both = Both(PATH)
    for day in ("2030-01-02", "2031-03-04"):
        until = {"Mode": "GOVERNANCE", "RetainUntilDate": PerObject(f"{day}T00:00:00Z")}
        same(both, Call("PutObjectRetention", "photos", {"Key": "a", "Retention": until}))


def test_text_in_an_attribute_is_left_to_botocore():
    both = Both(PATH)
    for kind in ('CanonicalUser"', "Group\n"):
        grantee = {"Type": PerObject(kind), "ID": PerObject("<i>")}
        policy = {"Owner": {"ID": "me"}, "Grants": [{"Grantee": grantee, "Permission": "READ"}]}
        same(both, Call("PutObjectAcl", "photos", {"Key": "a", "AccessControlPolicy": policy}))


def test_text_that_becomes_something_else_on_its_way_is_left_to_botocore():
    both = Both(PATH)
    for key in ("k" * 32, "l" * 32):
        extra = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": PerObject(key)}
        call = copying("a", "x")
        same(both, Call("CopyObject", "photos", {**call.params, **extra}))


def test_url_of_a_request_that_was_not_answered_names_the_object(both):
    template, values = both.requests.prepare(completing("a b", "u/1", "e"))
    assert template.url(values) == "http://127.0.0.1:8300/photos/a%20b?uploadId=u%2F1"


def filled(both, stencil, key, version, texts=()):
    head, _, body = stencil.request(key, version, texts).partition(b"\r\n\r\n")
    return head.partition(b"authorization")[2], body


def prepared(both, call):
    template, values = both.requests.prepare(call)
    head, _, body = template.fill(values, both.signer).partition(b"\r\n\r\n")
    return head.partition(b"authorization")[2], body


def naming(key, version, mark=str):
    tags = [{"Key": "name", "Value": mark(f"of {key}")}, {"Key": "n", "Value": version or "-"}]
    return Call(
        "PutObjectTagging",
        "photos",
        with_version({"Key": key, "Tagging": {"TagSet": tags}}, version),
    )


@given(key=keys, version=versions)
@settings(max_examples=100, deadline=None)
def test_stencil_fills_key_and_version_into_the_body(both, key, version):
    stencil = both.requests.stencil(naming(KEY_MARK, version and VERSION_MARK))
    assert filled(both, stencil, key, version) == prepared(both, naming(key, version))


@given(key=keys, text=TEXTS)
@settings(max_examples=100, deadline=None)
def test_stencil_fills_in_texts_of_each_objects_own(both, key, text):
    stencil = both.requests.stencil(tagging(KEY_MARK, None, "any", "other"))
    if not text:
        assert stencil.request(key, None, (text, "x")) is None
        return
    expected = prepared(both, tagging(key, None, text, "x"))
    assert filled(both, stencil, key, None, (text, "x")) == expected


def test_stencil_with_a_version_makes_nothing_for_an_object_without(both):
    stencil = both.requests.stencil(naming(KEY_MARK, VERSION_MARK))
    assert stencil.request("a", None) is None
    assert stencil.request("", "v") is None
    assert stencil.request("a", "v")


def test_stencil_makes_nothing_where_an_objects_texts_are_missing(both):
    stencil = both.requests.stencil(tagging(KEY_MARK, None, "any", "other"))
    assert stencil.request("a", None) is None
    assert stencil.request("a", None, ("one",)) is None


def test_key_in_a_header_has_no_stencil(both):
    call = copying(KEY_MARK, "x")
    assert both.requests.stencil(replace(call, params={**call.params, "Metadata": {"k": KEY_MARK}})) is None  # fmt: skip
