"""What a storage of a test's own keeps of objects by calls with a name in their query: ?acl, ?retention."""

import re
from collections.abc import Iterable

from tests.every_object import Place

SET_BY_PUT = frozenset({"acl", "encryption", "legal-hold", "retention"})
LOCK = (
    b"<?xml version='1.0'?><ObjectLockConfiguration>"
    b"<ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>"
)
_OWNER = "<Owner><ID>owner</ID></Owner>"
_XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
_PRIVATE = (
    f"<?xml version='1.0'?><AccessControlPolicy>{_OWNER}<AccessControlList><Grant>"
    f'<Grantee {_XSI} xsi:type="CanonicalUser"><ID>owner</ID></Grantee>'
    "<Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>"
).encode()
_NOTHING_SET = {"acl": _PRIVATE}


class CallsOfObjects:
    def __init__(self) -> None:
        self._set: dict[tuple[Place, str], bytes] = {}

    def name_in(self, query: Iterable[str]) -> str:
        """The name by which a query says what of an object is meant; "" for the object itself."""
        return next((name for name in query if name in SET_BY_PUT), "")

    def put(self, place: Place, name: str, document: bytes) -> None:
        # A canned ACL comes without a document.
        self._set[place, name] = document or _NOTHING_SET.get(name, b"")

    def find(self, place: Place, name: str) -> bytes | None:
        """The document that was set; None where there is none."""
        return self._set.get((place, name), _NOTHING_SET.get(name))

    def headers(self, place: Place) -> tuple[tuple[str, str], ...]:
        """What HeadObject says of it."""
        if not (document := self._set.get((place, "encryption"))):
            return ()
        key = re.findall(rb"<KMSKeyArn>(.*?)</KMSKeyArn>", document)[0].decode()
        return (
            ("x-amz-server-side-encryption", "aws:kms"),
            ("x-amz-server-side-encryption-aws-kms-key-id", key),
        )

    def forget(self, bucket: str, keys: Iterable[str]) -> None:
        for key in keys:
            for name in SET_BY_PUT:
                self._set.pop(((bucket, key), name), None)
