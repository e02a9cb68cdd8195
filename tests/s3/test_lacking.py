import pytest

from jobs.s3.answers import Answer
from jobs.s3.lacking import lacks, proxy_sentence


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (
            Answer(501, "NotImplemented", "PutObjectTagging"),
            "This storage has no object tags (501 NotImplemented).",
        ),
        (Answer(405, "MethodNotAllowed", ""), "This storage has no object tags (405 MethodNotAllowed)."),
        (Answer(501, "501", ""), "This storage has no object tags (501)."),
        (Answer(501, "", ""), "This storage has no object tags (501)."),
    ],
)  # fmt: skip
def test_call_that_a_storage_does_not_know_says_what_it_lacks(answer, sentence):
    assert lacks("object tags", answer) == sentence


@pytest.mark.parametrize("status", [502, 503, 504, 509, *range(520, 525), 530])
def test_status_that_only_a_proxy_has_gets_a_sentence_that_names_it(status):
    sentence = proxy_sentence(status)
    assert sentence.startswith("A proxy before the storage ")
    assert sentence.endswith(f"({status}).")


@pytest.mark.parametrize("status", [0, 200, 404, 500, 501, 505, 525, 599])
def test_other_statuses_get_none(status):
    assert proxy_sentence(status) == ""
