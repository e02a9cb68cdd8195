"""What the error codes of failed tasks mean, and what helps, in words."""

TOP_BARS = 8

_ADVICE = {
    "AccessDenied": (
        "The IAM role may not do this to these objects.",
        "Allow it for the role's key in the storage's policy, then run the failed objects again.",
    ),
    "NoSuchKey": (
        "The object was deleted, or the key is encoded differently in the manifest.",
        "Compare a sample with the bucket: keys stand URL-encoded in the manifest.",
    ),
    "NoSuchVersion": (
        "This version of the object is not there any more.",
        "List the objects again without version IDs, or with those of today.",
    ),
    "NoSuchBucket": (
        "The bucket does not exist in this Region.",
        "Check the bucket's name, and which Region it belongs to.",
    ),
    "InvalidRequest": (
        "The storage or the manifest's row does not allow this request.",
        "Read the message of a sample: often a version ID is missing or the object is too large.",
    ),
    "InvalidTag": (
        "The storage does not accept one of the tags.",
        "Check keys and values for characters that it refuses, and for repeated keys.",
    ),
    "MethodNotAllowed": (
        "The operation is not possible on this object, such as on a delete marker.",
        "Leave delete markers out of the manifest.",
    ),
    "NotImplemented": (
        "The storage does not know this operation or one of its options.",
        "Leave the option out, or use a storage that has it.",
    ),
    "EntityTooLarge": (
        "The object is larger than the operation can take in one request.",
        "Treat these objects one by one with another tool.",
    ),
    "InvalidObjectState": (
        "The object is archived and can not be read.",
        "Restore it first, then run the job again.",
    ),
    "InvalidArgument": (
        "The storage refuses one of the values.",
        "Read the message of a sample and correct the operation's settings.",
    ),
    "SlowDown": (
        "The storage asked for fewer requests and kept asking.",
        "Run the failed objects again when the storage has less to do.",
    ),
    "RequestTimeout": (
        "The storage took too long.",
        "Run the failed objects again; if it stays, look at the storage's load.",
    ),
    "InternalError": (
        "The storage failed inside.",
        "Run the failed objects again; if it stays, look at the storage's own log.",
    ),
}
_BY_STATUS = {
    0: ("No answer came from the storage.", "Check the connection, then run them again."),
    403: _ADVICE["AccessDenied"],
    404: _ADVICE["NoSuchKey"],
    405: _ADVICE["MethodNotAllowed"],
    429: _ADVICE["SlowDown"],
    500: _ADVICE["InternalError"],
    501: _ADVICE["NotImplemented"],
    503: _ADVICE["SlowDown"],
}
_ELSE = ("The storage refused these requests.", "Read the message of a sample.")


def on(code: str, http_status: int) -> tuple[str, str]:
    """What it means, and what to do."""
    return _ADVICE.get(code) or _BY_STATUS.get(http_status, _ELSE)
