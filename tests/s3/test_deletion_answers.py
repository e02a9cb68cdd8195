"""Answers to many deletions: what is read fast is what botocore reads, whoever wrote it."""

import pytest
from botocore.parsers import ResponseParserError
from hypothesis import example, given
from hypothesis import strategies as st

from jobs.s3.clients import make_client
from jobs.s3.deletion_answers import read_result
from jobs.s3.deletions import Listed
from jobs.s3.endpoints import Credentials, Endpoint
from jobs.s3.parsing import Reader

READER = Reader(
    make_client(Endpoint("http://127.0.0.1:1", "us-east-1", "path"), Credentials("a", "b"))
)
NAMESPACE = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
HEADS = [
    f'<?xml version="1.0" encoding="UTF-8"?>\n<DeleteResult{NAMESPACE}>',
    f'<?xml version="1.0" encoding="UTF-8"?><DeleteResult{NAMESPACE}>',
    "<?xml version='1.0' encoding='utf-8'?>\n<DeleteResult>",
    "<DeleteResult>",
    "\n <DeleteResult>\n",
]
ODD_HEADS = [
    ' <?xml version="1.0"?><DeleteResult>',
    '<?xml version="1.0" encoding="ISO-8859-1"?><DeleteResult>',
    '<?xml version="1.0" standalone="yes"?><DeleteResult>',
    "<?xml version='1.0\"?><DeleteResult>",
    '<DeleteResult xmlns="&lt;">',
    "\f<DeleteResult>",
    "<Error>",
]
PLAIN_TEXTS = st.text(st.sampled_from("ab/ é\U0001f600'\"."), min_size=1, max_size=4)
TEXTS = PLAIN_TEXTS | st.sampled_from(
    ["", "a&amp;b", "&#252;", "&#13;", "a>b", "]]>", "\x01", "\x7f", "\x85", "\t", "a\nb", "\r\n",
     "\ufffe", "\u2028", "<b/>", "<!-- -->", "&nothing;"]
)  # fmt: skip
SPACES = st.sampled_from(["", "", "", "\n", "  "])


def members(key, *, version=None, is_marker=None, marker=None, marker_first=False):
    def written(name, text):
        return "" if text is None else f"<{name}>{text}</{name}>"

    of_marker = written("DeleteMarker", is_marker) + written("DeleteMarkerVersionId", marker)
    of_key = written("Key", key) + written("VersionId", version)
    return of_marker + of_key if marker_first else of_key + of_marker


def answers_of(texts):
    optional = st.none() | texts
    item = st.builds(
        members, texts, version=optional, marker=optional, marker_first=st.booleans(),
        is_marker=st.sampled_from([None, "true", "false"]),
    ).map("<Deleted>{}</Deleted>".format)  # fmt: skip
    bare = texts.map("<Deleted><Key>{}</Key></Deleted>".format)
    return st.tuples(st.sampled_from(HEADS), st.lists(bare) | st.lists(item), SPACES, SPACES).map(
        lambda parts: f"{parts[0]}{parts[2].join(parts[1])}</DeleteResult>{parts[3]}"
    )


def as_botocore_reads(body):
    try:
        data = READER.parse("DeleteObjects", 200, [], body)
    except ResponseParserError:
        return None
    if data["ResponseMetadata"]["HTTPStatusCode"] != 200:
        return None
    return {name: data[name] for name in ("Deleted", "Errors") if name in data}


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize(
    "item",
    [
        members("a b"),
        members("ü", version="v1"),
        members("ü", is_marker="true", marker="m"),
        members("ü", is_marker="true", marker="m", marker_first=True),
        members("ü", version="v1", is_marker="true", marker="v1", marker_first=True),
        members("ü", version="v1", marker="m"),
    ],
)
def test_answer_of_every_known_storage_is_read_as_botocore_reads_it(head, item):
    body = f"{head}<Deleted>{item}</Deleted><Deleted>{item}</Deleted></DeleteResult>".encode()
    assert read_result(body) == as_botocore_reads(body)
    assert len(read_result(body)["Deleted"]) == 2


@given(answers_of(PLAIN_TEXTS) | answers_of(TEXTS))
@example(f"{ODD_HEADS[0]}<Deleted><Key>a</Key></Deleted></DeleteResult>")
@example(f"{ODD_HEADS[1]}<Deleted><Key>é</Key></Deleted></DeleteResult>")
@example(f"{ODD_HEADS[2]}<Deleted><Key>é</Key></Deleted></DeleteResult>")
@example(f"{ODD_HEADS[3]}<Deleted><Key>a</Key></Deleted></DeleteResult>")
@example(f"{ODD_HEADS[4]}<Deleted><Key>a</Key></Deleted></DeleteResult>")
@example(f"{ODD_HEADS[5]}<Deleted><Key>a</Key></Deleted></DeleteResult>")
@example("<DeleteResult><Deleted><Key>a</Key></Deleted></DeleteResult>more")
def test_answer_that_is_read_at_all_is_read_as_botocore_reads_it(text):
    body = text.encode()
    found = read_result(body)
    if found is not None:
        assert found == as_botocore_reads(body)


@given(st.data(), answers_of(PLAIN_TEXTS))
def test_answer_that_was_damaged_is_read_as_botocore_reads_it_or_not_at_all(data, text):
    body = text.encode()
    cut = data.draw(st.integers(0, len(body)))
    until = data.draw(st.integers(cut, len(body)))
    damaged = (
        body[:cut] + data.draw(st.sampled_from([b"", b"<", b">", b"\xc3", b"&"])) + body[until:]
    )
    found, expected = read_result(damaged), as_botocore_reads(damaged)
    # Of a member that stands twice in an element botocore leaves the elements as they are.
    if found is not None and "<Element" not in repr(expected):
        assert found == expected


def echoed(head, keys, tail="", **marker):
    items = "".join(f"<Deleted>{members(key, **marker)}</Deleted>" for key in keys)
    return f"{head}{items}</DeleteResult>{tail}".encode()


@pytest.mark.parametrize("marker_first", [False, True])
@pytest.mark.parametrize(
    "marker", [{"is_marker": "true", "marker": "m.1"}, {"is_marker": "true"}, {"marker": "m.1"}]
)
def test_keys_that_got_delete_markers_are_gone_at_a_glance(marker, marker_first):
    marker |= {"marker_first": marker_first}
    assert Listed(["a", "b"]).are_gone(echoed(HEADS[0], ["b", "a"], **marker))
    assert not Listed(["a", "b"]).are_gone(echoed(HEADS[0], ["b"], **marker))
    assert not Listed(["a", "b"]).are_gone(echoed(HEADS[0], ["b", "a<DeleteMarker>"], **marker))


@pytest.mark.parametrize("head", HEADS)
def test_keys_that_are_named_as_they_were_asked_for_are_gone_at_a_glance(head):
    wanted = Listed(["a b", "ü/&", "\U0001f600"])
    named = ["a b", "ü/&amp;", "\U0001f600"]
    assert wanted.are_gone(echoed(head, named))
    assert wanted.are_gone(echoed(head, named, "\n"))
    assert not wanted.are_gone(echoed(head, named[:2]))
    assert wanted.are_gone(echoed(head, [named[2], named[0], named[1]]))
    assert not wanted.are_gone(echoed(head, [named[0], named[0], named[1]]))
    assert not wanted.are_gone(echoed(head, ["a c", *named[1:]]))
    assert not wanted.are_gone(echoed(head, [*named, "b"]))
    assert not wanted.are_gone(echoed(head, named, "<"))


@given(
    st.lists(PLAIN_TEXTS | st.sampled_from(["&", "<b>", "]]>", "&amp;", "</Key>"]), unique=True),
    st.data(),
)
def test_what_is_gone_at_a_glance_is_so_when_it_is_read(keys, data):
    named = data.draw(st.just(keys) | st.permutations(keys) | st.lists(PLAIN_TEXTS))
    escaped = [key.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for key in named]
    written = data.draw(st.sampled_from([escaped, named]))
    body = echoed(
        data.draw(st.sampled_from(HEADS + ODD_HEADS)),
        written,
        data.draw(SPACES),
        is_marker=data.draw(st.sampled_from([None, None, "true", "false", "", "a"])),
        marker=data.draw(st.none() | PLAIN_TEXTS),
        marker_first=data.draw(st.booleans()),
    )
    if Listed(keys).are_gone(body):
        read = as_botocore_reads(body)
        assert read.keys() == {"Deleted"}
        assert sorted(item["Key"] for item in read["Deleted"]) == sorted(keys)
        assert not any("VersionId" in item for item in read["Deleted"])


@given(st.lists(PLAIN_TEXTS, min_size=2, max_size=2), st.lists(PLAIN_TEXTS, min_size=2, max_size=2))
def test_versions_that_are_gone_at_a_glance_are_so_when_they_are_read(versions, named):
    items = [members(key, version=version) for key, version in zip("ab", named, strict=True)]
    body = f"{HEADS[0]}{''.join(f'<Deleted>{item}</Deleted>' for item in items)}</DeleteResult>"
    is_gone = Listed(["a", "b"], versions).are_gone(body.encode())
    assert is_gone == (versions == named)
    read = as_botocore_reads(body.encode())["Deleted"]
    assert is_gone == (read == Listed(["a", "b"], versions)["Delete"]["Objects"])
    assert not Listed(["a", "b"]).are_gone(body.encode())


def test_parameters_of_many_deletions_are_those_that_botocore_takes():
    assert dict(Listed(["a", "b"])) == {"Delete": {"Objects": [{"Key": "a"}, {"Key": "b"}]}}
    of_version = {"Key": "a", "VersionId": "v"}
    assert dict(Listed(["a"], ["v"])) == {"Delete": {"Objects": [of_version]}}
