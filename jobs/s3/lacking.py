"""What a storage does not have, and what proxies before it say, as sentences. Pure."""

from jobs.s3.answers import Answer

_PROXIES = {
    502: "A proxy before the storage got no answer from it that it could use (502).",
    503: "A proxy before the storage says that it cannot take requests now (503).",
    504: "A proxy before the storage waited for its answer in vain (504).",
    509: "A proxy before the storage says that its bandwidth is used up (509).",
    520: "A proxy before the storage got an answer from it that it could not read (520).",
    521: "A proxy before the storage was not let in: the storage refuses connections (521).",
    522: "A proxy before the storage could not connect to it in time (522).",
    523: "A proxy before the storage finds no way to it (523).",
    524: "A proxy before the storage connected to it, but got no answer in time (524).",
    530: "A proxy before the storage could not find its host (530).",
}


def lacks(noun_phrase: str, answer: Answer) -> str:
    """For an answer of 405 or 501: `noun_phrase` is what the storage lacks, as "object tags"."""
    code = answer.code if answer.code != str(answer.http_status) else ""
    return f"This storage has no {noun_phrase} ({f'{answer.http_status} {code}'.strip()})."


def proxy_sentence(status: int) -> str:
    """For an answer without a body of S3's; empty for a status that proxies do not have."""
    return _PROXIES.get(status, "")
