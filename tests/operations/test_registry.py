import pytest

from jobs.errors import ValidationFailedError
from jobs.operations import registry
from jobs.operations.put_object_copy import PutObjectCopy
from jobs.operations.put_object_tagging import PutObjectTagging


def test_operation_is_found_by_its_wire_name():
    assert registry.get("S3PutObjectCopy") is PutObjectCopy
    assert registry.get("S3PutObjectTagging") is PutObjectTagging


@pytest.mark.parametrize("name", ["", "Copy", "s3putobjectcopy", "LambdaInvoked"])
def test_unknown_name_gets_a_sentence(name):
    with pytest.raises(ValidationFailedError) as caught:
        registry.get(name)
    assert [problem.field for problem in caught.value.problems] == ["Operation"]
    assert caught.value.message == f'There is no operation "{name}".'


def test_two_operations_of_one_name_are_refused():
    class Another(PutObjectCopy):
        pass

    with pytest.raises(ValueError, match="S3PutObjectCopy stands twice"):
        registry.by_name([PutObjectTagging, PutObjectCopy, Another])
