"""One page of a listing, asked for by a signed GET of our own, and given as it came.

botocore takes ten times as long to build such a request, and a hundred times as long to read the
answer, as is needed. What it knows of the endpoint stays in use: connections, patience, TLS,
proxies, and credentials that it renews.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from botocore.awsrequest import AWSRequest

from jobs.errors import StorageError
from jobs.s3.answers import Answer
from jobs.s3.clients import S3Client
from jobs.s3.parsing import Reader
from jobs.s3.template import USER_AGENT
from jobs.s3.translating import error_of, odd_answer, translated

OBJECTS, VERSIONS = "ListObjectsV2", "ListObjectVersions"
_MARKS: Mapping[str, Mapping[str, str]] = {
    OBJECTS: {"list-type": "2", "encoding-type": "url"},
    VERSIONS: {"versions": "", "encoding-type": "url"},
}
_HEADERS = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}


class Listing:
    """Of one client; may be used from several threads. Raises as `Storage` does."""

    def __init__(self, client: S3Client) -> None:
        self._client: Any = client
        self._addresses: dict[str, str] = {}

    def page(self, action: str, bucket: str, query: Mapping[str, str]) -> bytes:
        """The body of an answer of 200; whether it is a listing is for whoever reads it. `query` has
        names and values as S3 knows them, not encoded, without what all listings are asked with.
        """
        with translated():
            url = f"{self._address(bucket)}?{_encoded({**_MARKS[action], **query})}"
            request = AWSRequest("GET", url, headers=_HEADERS)
            request.context["signing"] = {}
            # botocore has no public way to either; tests see that these lead there.
            self._client._request_signer.sign(action, request)  # noqa: SLF001
            answer = self._client._endpoint.http_session.send(request.prepare())  # noqa: SLF001
            body: bytes = answer.content
        if answer.status_code != 200:
            raise self.refused(action, body, answer.status_code, answer.headers)
        return body

    def refused(
        self,
        action: str,
        body: bytes,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> StorageError:
        """What an answer says that is no listing: an error, or something from on the way."""
        raw = [
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, value in (headers or {}).items()
        ]
        answer: Answer = Reader(self._client).read(action, status, raw, body)
        if not answer.code:
            return odd_answer()
        error = error_of(answer)
        error.retry_after_s = answer.retry_after_s
        return error

    def _address(self, bucket: str) -> str:
        """Without a query: where the client would ask, as the Region's addressing style has it."""
        if bucket not in self._addresses:
            url = self._client.generate_presigned_url("list_objects_v2", Params={"Bucket": bucket})
            parts = urlsplit(url)
            self._addresses[bucket] = f"{parts.scheme}://{parts.netloc}{parts.path or '/'}"
        return self._addresses[bucket]


def _encoded(query: Mapping[str, str]) -> str:
    return "&".join(f"{name}={quote(value, safe='-._~')}" for name, value in query.items())
