"""What a person is warned of before Run job, by operation (ux 2.6 and 2.10)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Loss:
    """`text` follows the number of objects; `understood` stands at the checkbox, if there is one."""

    text: str
    understood: str = "I understand what this does to these objects."


_BY_OPERATION = {
    "S3PutObjectTagging": Loss("lose their current tags. You can\u2019t undo this."),
    "S3DeleteObjectTagging": Loss("lose their current tags. You can\u2019t undo this."),
    "S3PutObjectCopy": Loss(
        "are copied. What is overwritten is lost, unless the destination keeps versions.",
        "I acknowledge that existing objects with the same name will be overwritten.",
    ),
    "S3DeleteObject": Loss(
        "are deleted. What has no versions can\u2019t be recovered.",
        "I understand that these objects will be deleted.",
    ),
}
_ELSE = Loss("are changed. You may not be able to undo this.")


def warning_of(operation: str) -> Loss:
    """`operation` is the wire's name."""
    return _BY_OPERATION.get(operation, _ELSE)
