"""Names of headers that show that an S3 storage sent an answer. Pure.

Only names count: a value may list names, as Access-Control-Expose-Headers does. What a proxy sends
with pages of its own is no mark, neither is who says to be the server.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

__all__ = ["NO_MARKS", "are_marked", "is_marked", "learned_marks", "marks_among", "name_a_storage"]

NO_MARKS: frozenset[bytes] = frozenset()

_S3_NAME = rb"x-amz-(?!(?:cf|apigw|waf)\b)[^\s:]++"
"""CloudFront, API Gateway and WAF send x-amz-cf-id and the like. Other services of AWS, and its load
balancers, send x-amzn-...
"""

_NAME = re.compile(rb"\n([^\s:]++):")
_END = re.compile(rb"\r?\n\r?\n")
_INTERIM = (b"HTTP/1.1 1", b"HTTP/1.0 1")

_ANYBODYS = re.compile(
    r"x-(?:"
    # Caches and networks that deliver.
    r"cache|served-by|timer|hits|age|ttl|pop|cdn|edge|fastly|varnish|akamai|ec-|hw$|msedge|azure|fd-"
    r"|sucuri|iinfo|vercel|nf-|fly-|render|github|now-|bunny|cf-|cloud-trace|litespeed"
    # Proxies, gateways and filters.
    r"|envoy|forwarded|real-ip|via|proxy|proxied|upstream|backend|gateway|kong|tyk|haproxy|nginx"
    r"|traefik|squid|bluecoat|zscaler|waf|ratelimit|rate-limit|client|original|remote|server|host"
    # An id that any proxy makes for an answer, its own included (Envoy, ingresses, Heroku), so that
    # it tells nothing, though some storages send it too.
    r"|request-id|requestid|correlation|trace|b3-|datadog|response-time|process-time"
    # Rules for browsers, and frameworks of pages.
    r"|powered-by|frame-options|content-|xss|robots|ua-|dns-prefetch|download-options|permitted"
    r"|runtime|aspnet|drupal|generator|pingback|pagespeed|mod-|redirect|csrf|ua$"
    # Services of AWS, except for the name under which moto, an S3 server for tests, has its ids.
    r"|amz-|amzn-(?!requestid$))"
)


def is_marked(head: bytes, marks: frozenset[bytes]) -> bool:
    """Whether an answer, as it was received up to the end of its headers and perhaps beyond, has one
    of S3's headers or of `marks`, which are in small letters.
    """
    lines = _header_lines(head)
    return (
        b"\nx-amz-request-id:" in lines
        or b"\nX-Amz-Request-Id:" in lines
        or _pattern(marks).search(lines) is not None
    )


def are_marked(names: Iterable[bytes], marks: frozenset[bytes]) -> bool:
    """The same of the names of all its headers."""
    return _pattern(marks).search(b"".join(b"\n%b:" % name for name in names)) is not None


def name_a_storage(names: Iterable[str]) -> bool:
    """Whether one of the names of headers, in small letters, is S3's own."""
    return are_marked((name.encode("latin-1") for name in names), NO_MARKS)


def learned_marks(head: bytes) -> frozenset[bytes]:
    """Of an answer to a signed read that its body proves: what may serve as marks for its endpoint
    besides S3's own names.
    """
    return marks_among(name.decode("latin-1") for name in _NAME.findall(_header_lines(head)))


def marks_among(names: Iterable[str]) -> frozenset[bytes]:
    """The same of the names of its headers."""
    lowered = (name.lower() for name in names)
    return frozenset(
        name.encode("latin-1")
        for name in lowered
        if name.startswith("x-") and not _ANYBODYS.match(name)
    )


@lru_cache(maxsize=256)
def _pattern(marks: frozenset[bytes]) -> re.Pattern[bytes]:
    names = b"|".join([_S3_NAME, *map(re.escape, sorted(marks))])
    return re.compile(b"\n(?i:" + names + b"):")


def _header_lines(head: bytes) -> bytes:
    """Of the first answer that is no interim one. What follows them may be of a body."""
    end = head.find(b"\r\n\r\n")
    if end == len(head) - 4 and end >= 0:
        return head  # nearly always so
    rest = head.lstrip(b"\r\n")
    while True:
        found = _END.search(rest)
        lines = rest[: found.start()] if found else rest
        if not found or not lines.startswith(_INTERIM):
            return lines
        rest = rest[found.end() :]
