"""Requests that are signed right and otherwise as wrong as chance makes them."""

import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

ACCOUNT = "123456789012"
JOBS = "/v20180820/jobs"
TEXTS = (
    *("", " ", "-1", "0", "2147483648", "99999999999999999999", "1e9", "true", "TRUE", "NaN"),
    *("x" * 257, "x" * 2049, "\u00e9\U0001f600", "a\nb", "\ufffd", "]]>", "&amp;", "&#0;", "%00"),
    *("arn:aws:s3:::", "arn:aws:s3:::b/", "arn:aws:iam::1:role/x", "2030-01-02", "Ready", "S3Burn"),
    *("<a/>", "<!DOCTYPE a>", "<member/>", "null", "{}", "[[[[", "\\u0000", "9" * 400),
)
JSON = (None, True, -1, 10**30, 1.5, "", "x", [], {}, [None], {"a": {}}, [[1]], "\x00", "\ud800")
NAMES = (
    *("Operation", "Manifest", "ManifestGenerator", "Tags", "member", "Report", "BatchConsole"),
    *(
        "S3PutObjectTagging",
        "S3PutObjectCopy",
        "LambdaInvoke",
        "Key",
        "entry",
        "x:y",
        "1",
        "a" * 300,
    ),
)
OURS = ("DryRun", "SampleRows", "Limits", "Operation", "Filter", "Globs", "Sources", "Tags", "More")
IDS = (
    "x",
    "\x00",
    "a\x00b",
    "00e123a4-c0d8-41f4-a0eb-b46f9ba5b07c",
    "%00",
    "..",
    "a" * 64,
    "\u00e9",
    "a b",
    "*",
)
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class Sent:
    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    account: str = ACCOUNT

    @property
    def target(self) -> str:
        query = f"?{urlencode(self.query)}" if self.query else ""
        return quote(self.path, safe="/-_.~") + query


def seeds(bodies: list[bytes], job_id: str) -> list[Sent]:
    """Right requests: those of CreateJob, and the other seven."""
    job = f"{JOBS}/{job_id}"
    tags = (
        b"<PutJobTaggingRequest><Tags><member><Key>a</Key><Value>b</Value></member></Tags>"
        b"</PutJobTaggingRequest>"
    )
    others = [
        Sent("GET", JOBS, (("jobStatuses", "Active"), ("maxResults", "5"), ("nextToken", "a"))),
        Sent("GET", job),
        Sent("POST", f"{job}/priority", (("priority", "3"),)),
        Sent(
            "POST", f"{job}/status", (("requestedJobStatus", "Ready"), ("statusUpdateReason", "x"))
        ),
        Sent("GET", f"{job}/tagging"),
        Sent("PUT", f"{job}/tagging", body=tags),
        Sent("DELETE", f"{job}/tagging"),
    ]
    return [Sent("POST", JOBS, body=body) for body in bodies] + others


def mutated(sent: Sent, chance: random.Random) -> Sent:
    for _ in range(chance.randint(1, 3)):
        sent = chance.choice(_MUTATIONS)(sent, chance)
    return sent


def _bytes(sent: Sent, chance: random.Random) -> Sent:
    body = bytearray(sent.body)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(body) + 1)
        body[at : at + chance.choice((0, 0, 1, 9))] = chance.randbytes(chance.choice((0, 1, 3)))
    return replace(sent, body=bytes(body))


def _cut(sent: Sent, chance: random.Random) -> Sent:
    return replace(sent, body=sent.body[: chance.randrange(len(sent.body) + 1)])


def _element(change: Callable[[str, str, random.Random], str]) -> Callable[..., Sent]:
    """`change` gets the name of one element and all of it."""

    def mutation(sent: Sent, chance: random.Random) -> Sent:
        text = sent.body.decode(errors="replace")
        found = list(re.finditer(r"<([A-Za-z0-9-]+)[^<>/]*>", text))
        if not found:
            return sent
        start = chance.choice(found)
        end = text.find(f"</{start[1]}>", start.end())
        end = end + len(start[1]) + 3 if end >= 0 else start.end()
        fresh = change(start[1], text[start.start() : end], chance)
        body = (text[: start.start()] + fresh + text[end:]).encode(errors="replace")
        return replace(sent, body=body)

    return mutation


def _renamed(name: str, whole: str, chance: random.Random) -> str:
    other = chance.choice(NAMES)
    return whole.replace(f"<{name}", f"<{other}").replace(f"</{name}>", f"</{other}>")


def _filled(name: str, whole: str, chance: random.Random) -> str:
    return f"<{name}>{chance.choice(TEXTS)}</{name}>"


def _wrapped(name: str, whole: str, chance: random.Random) -> str:
    deep = chance.choice((1, 2, 500))
    return f"<{name}>" * deep + whole + f"</{name}>" * deep


def _ours(name: str, whole: str, chance: random.Random) -> str:
    value: Any = chance.choice(JSON)
    for _ in range(chance.randint(1, 3)):
        value = {chance.choice((*OURS, "S3DeleteObject", "S3PutObjectTagging", "SQL")): value}
    text = json.dumps(value).replace("&", "&amp;").replace("<", "&lt;")
    return f"<BatchConsole>{text}</BatchConsole>{whole}"


def _query(sent: Sent, chance: random.Random) -> Sent:
    names = [name for name, _ in sent.query] or ["maxResults", "priority", "more"]
    text = chance.choice((*TEXTS, "\x00")).encode(errors="replace").decode()
    return replace(sent, query=(*sent.query, (chance.choice(names), text)))


def _path(sent: Sent, chance: random.Random) -> Sent:
    tail = chance.choice(("", "/priority", "/status", "/tagging", "/", "/more"))
    return replace(sent, path=f"{JOBS}/{chance.choice(IDS)}{tail}")


def _method(sent: Sent, chance: random.Random) -> Sent:
    return replace(sent, method=chance.choice(METHODS))


def _account(sent: Sent, chance: random.Random) -> Sent:
    return replace(sent, account=chance.choice(("", "1", "999999999999", "a" * 300)))


_MUTATIONS: tuple[Callable[[Sent, random.Random], Sent], ...] = (
    _bytes,
    _cut,
    *map(
        _element,
        (
            *(lambda name, whole, chance: "", lambda name, whole, chance: whole + whole),
            *(_renamed, _filled, _filled, _filled, _wrapped, _ours, _ours),
        ),
    ),
    _query,
    _path,
    _method,
    _account,
)
