"""What may be answered instead of the truth: any status with any body and any headers."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from tests.answering_facts import DECLARED, Asked, Pairs, Result, deleted_item, refusal, result


@dataclass(frozen=True)
class Form:
    """`status` None is the one that the true answer has; `body` is a name of BODIES, "true" for the
    true one; `headers` is a name of HEADERS. `more` are further headers.
    """

    status: int | None = None
    body: str = "true"
    headers: str = "s3"
    more: Pairs = ()

    def __str__(self) -> str:
        return f"{self.status or 'true'}-{self.body}-{self.headers}" + "".join(
            f"-{name}" for name, _ in self.more
        )


TRUE = Form()

HEADERS: dict[str, tuple[Pairs, bool]] = {
    "s3": ((("x-amz-request-id", "R1"), ("x-amz-id-2", "H1"), ("Server", "AmazonS3")), True),
    "undated": ((("x-amz-request-id", "R1"),), False),
    "bare": ((), True),
    "nothing": ((), False),
    "cloudfront": ((("x-amz-cf-id", "c=="), ("Server", "CloudFront"), ("Via", "1.1 c")), True),
    "cloudflare": ((("CF-RAY", "8a-FRA"), ("Server", "cloudflare")), True),
    "exposes": ((("Access-Control-Expose-Headers", "x-amz-request-id, ETag"),), True),
    "nginx": ((("Server", "nginx"), ("x-request-id", "77"), ("X-Powered-By", "PHP")), True),
}
"""Besides those that the call itself is answered with; and whether there is a Date."""

OF_THE_STORAGE = {"s3", "undated"}

HTML = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Please.</body></html>"
XHTML = b'<html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head><body/></html>'


def _keys_in_urls(asked: Asked, true: Result) -> bytes:
    return re.sub(
        rb"<Key>(.*?)</Key>", lambda m: b"<Key>%b</Key>" % quote(m[1], "").encode(), true.body
    )


def _without_last_key(asked: Asked, true: Result) -> bytes:
    items = asked.items[:-1]
    return result("DeleteResult", "".join(deleted_item(*item) for item in items)).body


def _last_key_twice(asked: Asked, true: Result) -> bytes:
    items = (*asked.items[:-1], *asked.items[-1:] * 2)
    return result("DeleteResult", "".join(deleted_item(*item) for item in items)).body


def _errors(code: str) -> Callable[[Asked, Result], bytes]:
    def make(asked: Asked, true: Result) -> bytes:
        said = f"<Code>{code}</Code><Message>It is so.</Message>"
        keys = "".join(f"<Error><Key>{key}</Key>{said}</Error>" for key, _ in asked.items)
        return result("DeleteResult", keys).body

    return make


def _error(code: str) -> Callable[[Asked, Result], bytes]:
    return lambda asked, true: refusal(0, code).body


def _root(name: str, inner: str = "") -> Callable[[Asked, Result], bytes]:
    return lambda asked, true: result(name, inner).body


BODIES: dict[str, Callable[[Asked, Result], bytes]] = {
    "true": lambda asked, true: true.body,
    "true, bare": lambda asked, true: true.body,
    "none": lambda asked, true: b"",
    "blanks": lambda asked, true: b" \r\n ",
    "declaration": lambda asked, true: DECLARED,
    "html": lambda asked, true: HTML,
    "xhtml": lambda asked, true: XHTML,
    "json": lambda asked, true: b'{"message": "ok"}',
    "text": lambda asked, true: b"http: Server closed",
    "cut": lambda asked, true: true.body[: len(true.body) * 2 // 3] or b"<Cut><At",
    "other root": _root("ListBucketResult", "<Name>x</Name>"),
    "another result": _root("PostResponse", "<ETag>&quot;ab&quot;</ETag>"),
    "empty copy": _root("CopyObjectResult"),
    "empty etag": _root("CopyObjectResult", "<ETag></ETag>"),
    "no etag": _root("CopyObjectResult", "<LastModified>2026-01-02T03:04:05.000Z</LastModified>"),
    "empty deletion": _root("DeleteResult"),
    "keys in urls": _keys_in_urls,
    "without last key": _without_last_key,
    "last key twice": _last_key_twice,
    "without versions": lambda a, true: re.sub(rb"<VersionId>.*?</VersionId>", b"", true.body),
    "versions added": lambda a, true: true.body.replace(
        b"</Key></Deleted>", b"</Key><VersionId>zz</VersionId></Deleted>"
    ),
    "errors: final": _errors("AccessDenied"),
    "errors: again": _errors("InternalError"),
    "errors: unknown": _errors("Whatever"),
    "errors: gone": _errors("NoSuchKey"),
    "error: final": _error("AccessDenied"),
    "error: again": _error("InternalError"),
    "error: slow": _error("SlowDown"),
    "error: unknown": _error("Whatever"),
    "error: gone": _error("NoSuchKey"),
    "error: no call": _error("NotImplemented"),
    "error: no code": lambda asked, true: DECLARED + b"<Error><Message>x</Message></Error>",
}
ABOUT_COPIES = ("empty copy", "empty etag", "no etag")
ABOUT_DELETIONS = (
    *("empty deletion", "keys in urls", "without last key", "last key twice", "without versions"),
    *("versions added", "errors: final", "errors: again", "errors: unknown", "errors: gone"),
)
ABOUT_ANY = tuple(
    name for name in BODIES if name not in (*ABOUT_COPIES, *ABOUT_DELETIONS, "true", "true, bare")
)


def written(form: Form, asked: Asked, true: Result) -> Result:
    """The answer in that form. Only "true" has the headers of the true answer with it."""
    extra, _ = HEADERS[form.headers]
    body = BODIES[form.body](asked, true)
    own = true.headers if form.body == "true" else ()
    if form.body in ("html", "xhtml"):
        own = (("Content-Type", "text/html"),)
    return Result(form.status or true.status, body, (*own, *extra, *form.more))
