"""What the error codes of failed tasks mean, and what helps, in words."""

_ADVICE = {
    "AccessDenied": (
        "The IAM role may not do this to these objects.",
        "Allow it for the role's key in the storage's policy, then run the failed objects again.",
    ),
    "ObjectChanged": (
        "The object changed since it was first looked at, so nothing was done to it.",
        "Read the message of a sample. To change these objects as they are now, run them again.",
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
        "The object is archived and cannot be read.",
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
    "NotKept": (
        "The storage accepted the request and did not do, or did not keep, what was asked.",
        "Look at the object of a sample. Correct the storage's settings, then run the failed objects"
        " again.",
    ),
    "InvalidResponse": (
        "Something that is no S3 storage answered, such as a proxy or a page to sign in.",
        "Check the Region's endpoint URL and what stands before the storage, then run the failed"
        " objects again.",
    ),
    "UnclearAnswer": (
        "The answer does not say whether the request was done.",
        "Look at the object of a sample, then run the failed objects again.",
    ),
    "UnprovenAnswer": (
        "Nothing in the answer shows that a storage sent it.",
        "Look at the object of a sample. If nothing was done, check what stands before the storage.",
    ),
    "DeletionUnclear": (
        "An earlier request to delete this object was not answered and whether it was done cannot be"
        " told.",
        "Look at the object of a sample: delete it if it is still there and no newer one.",
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
