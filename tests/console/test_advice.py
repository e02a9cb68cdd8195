import pytest

from jobs.console import advice


def test_archived_source_of_a_copy_is_no_question_of_permissions():
    assert advice.on("ObjectNotInActiveTierError", 403) == advice.on("InvalidObjectState", 403)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("NotKept", "did not do, or did not keep, what was requested"),
        ("InvalidResponse", "Something other than S3 storage answered"),
        ("UnclearAnswer", "does not say whether the request was done"),
        ("UnprovenAnswer", "Nothing in the answer proves that the storage sent it"),
        ("DeletionUnclear", "it is unknown whether it was done"),
    ],
)
@pytest.mark.parametrize("http_status", [0, 200, 500, 502])
def test_failure_that_no_storage_names_is_explained_whatever_its_status(code, words, http_status):
    means, remedy = advice.on(code, http_status)
    assert words in means
    assert remedy.startswith(
        ("Look at the object of a sample", "Check the endpoint URL of the Region")
    )
