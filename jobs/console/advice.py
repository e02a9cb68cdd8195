"""What the error codes of failed tasks mean, and what helps, in words."""

_ADVICE = {
    "AccessDenied": (
        "The IAM role is not allowed to do this to these objects.",
        "Allow it for the role's key in the storage's policy, then run the failed objects again.",
    ),
    "ObjectChanged": (
        "The object changed since it was first looked at, so nothing was done to it.",
        "Read the message of a sample. To change these objects as they are now, run them again.",
    ),
    "NoSuchKey": (
        "The object was deleted, or the key is encoded differently in the manifest.",
        "Compare a sample with the bucket: keys in the manifest are URL-encoded.",
    ),
    "NoSuchVersion": (
        "This version of the object no longer exists.",
        "List the objects again without version IDs, or with current version IDs.",
    ),
    "NoSuchBucket": (
        "The bucket does not exist in this Region.",
        "Check the name of the bucket and its Region.",
    ),
    "InvalidRequest": (
        "The storage or the manifest's row does not allow this request.",
        "Read the message of a sample: often a version ID is missing or the object is too large.",
    ),
    "InvalidTag": (
        "The storage does not accept one of the tags.",
        "Check keys and values for characters that the storage does not accept, and for repeated keys.",
    ),
    "MethodNotAllowed": (
        "The operation is not possible on this object, for example because it is a delete marker.",
        "Leave delete markers out of the manifest.",
    ),
    "NotImplemented": (
        "The storage does not know this operation or one of its options.",
        "Leave out the option, or use a storage that supports it.",
    ),
    "EntityTooLarge": (
        "The object is larger than the operation can take in one request.",
        "Process these objects individually with another tool.",
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
        "The storage kept throttling these requests.",
        "Run the failed objects again when the storage is less busy.",
    ),
    "RequestTimeout": (
        "The storage took too long.",
        "Run the failed objects again. If it happens again, check the load of the storage.",
    ),
    "InternalError": (
        "The storage had an internal error.",
        "Run the failed objects again. If it happens again, check the log of the storage.",
    ),
    "NotKept": (
        "The storage accepted the request but did not do, or did not keep, what was requested.",
        "Look at the object of a sample. Correct the storage's settings, then run the failed objects"
        " again.",
    ),
    "InvalidResponse": (
        "Something other than S3 storage answered, such as a proxy or a sign-in page.",
        "Check the endpoint URL of the Region and what is in front of the storage, then run the failed"
        " objects again.",
    ),
    "UnclearAnswer": (
        "The answer does not say whether the request was done.",
        "Look at the object of a sample, then run the failed objects again.",
    ),
    "UnprovenAnswer": (
        "Nothing in the answer proves that the storage sent it.",
        "Look at the object of a sample. If nothing was done, check what is in front of the storage.",
    ),
    "DeletionUnclear": (
        "An earlier request to delete this object was not answered, so it is unknown whether it was"
        " done.",
        "Look at the object of a sample: delete it if it still exists and is not a newer one.",
    ),
}
# What S3 calls the same of a copy's source.
_ADVICE["ObjectNotInActiveTierError"] = _ADVICE["InvalidObjectState"]
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


def known() -> dict[str, tuple[str, str]]:
    """Each code that has advice of its own, with what it means and what to do."""
    return dict(_ADVICE)
