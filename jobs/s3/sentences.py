"""What went wrong with a place in storage, for a person: what, where, and what to do."""

from jobs.errors import StorageError
from jobs.s3.reachable import FORBIDDEN
from jobs.s3.redirecting import wrong_region

_MISSING = "{place} does not exist. Check the path."
_DENIED = (
    "This connection cannot {verb} {place} (AccessDenied). Check the path or choose another IAM"
    " role."
)
_CHANGED = "{place} changed meanwhile. Check it again."
_ELSEWHERE = (
    "{place} is not in the Region that this connection speaks for ({code}). Check the Region's"
    " endpoint URL and region code."
)
_EXPIRED = "The session token of the IAM role has expired ({code}). Renew the role's credentials."

_BY_CODE = {
    "NoSuchBucket": "{place}: the bucket does not exist. Check its name and the Region.",
    "NoSuchKey": _MISSING,
    "NoSuchVersion": "{place}: this version does not exist. Check the version ID.",
    "404": _MISSING,
    "AccessDenied": _DENIED,
    "403": _DENIED,
    "PreconditionFailed": _CHANGED,
    "412": _CHANGED,
    "CustomerKeyNeeded": "{place} is encrypted with a customer-provided key (SSE-C), which this"
    " console does not have. Store it with SSE-S3 or without encryption.",
    "InvalidAccessKeyId": "The storage does not know the access key ID of the IAM role"
    " (InvalidAccessKeyId). Correct the role's credentials.",
    "SignatureDoesNotMatch": "The secret access key of the IAM role is wrong: the storage refused"
    " the signature (SignatureDoesNotMatch). Correct the role's credentials.",
    "ExpiredToken": _EXPIRED,
    "InvalidToken": _EXPIRED,
    "TokenRefreshRequired": _EXPIRED,
    "RequestTimeTooSkewed": "The clock of this machine and the storage's differ by more than 15"
    " minutes (RequestTimeTooSkewed). Set the clock right.",
    "NoCredentials": "{message}",
    "StoragesBusy": "{message}",
    "UploadsBusy": "{message}",
    "NoPlace": "{message}",
    "AnswerTooLarge": "{message} Check that the Region's endpoint URL is that of an S3 storage.",
    "OddAnswer": "{place} cannot be used: the storage's answer about it lacks what it must have (an"
    " ETag, a size, a date), or cannot be read.",
    "PermanentRedirect": _ELSEWHERE,
    "TemporaryRedirect": _ELSEWHERE,
    "301": _ELSEWHERE,
    "307": _ELSEWHERE,
    "AuthorizationHeaderMalformed": "The storage cannot read the signature ({code}): {message} Check"
    " the access key ID of the IAM role and the code of the Region.",
    "InvalidEndpoint": "{message}",
    "InvalidResponse": "What answers at the Region's endpoint URL is not an S3 storage. Check the"
    " URL.",
    "SSLError": "The TLS certificate of the storage could not be verified. Check the Region's"
    " endpoint URL, and paste the CA certificate there if a private authority signed it.",
    "ConnectTimeoutError": "The storage does not answer. Check the Region's endpoint URL.",
    FORBIDDEN: "{message}",
    "EndpointConnectionError": "The storage does not answer. Check the Region's endpoint URL.",
    "ProxyConnectionError": "The proxy on the way to the storage does not answer.",
    "ReadTimeoutError": "The storage did not answer in time. Try again.",
}


def describe(error: StorageError, *, place: str, verb: str = "read") -> str:
    """The sentence for a person. `place` is `s3://…`, `verb` what was tried with it."""
    if error.code == "AuthorizationHeaderMalformed":
        about_region = wrong_region({"Message": error.message}, {})
        if about_region:
            return about_region
    sentence = _BY_CODE.get(error.code) or _unknown(error)
    return sentence.format(place=place, verb=verb, code=error.code, message=error.message)


def _unknown(error: StorageError) -> str:
    if not error.retryable:
        return "This connection cannot {verb} {place}: {message} ({code})."
    if error.http_status == 0:
        return "The connection to the storage broke off ({code}). Try again."
    return f"The storage cannot answer now ({error.http_status} {{code}}). Try again later."
