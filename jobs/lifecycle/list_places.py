"""Where lists from the browser are stored: below the Region's default place of manifests."""

import re
import unicodedata
import uuid
from dataclasses import dataclass
from datetime import datetime

from jobs.errors import StorageError
from jobs.lifecycle.connections import storage_for_page
from jobs.models import Region, Role, RoleCredentials
from jobs.s3.arns import parse_s3_uri
from jobs.s3.storage import Storage

FOLDER = "lists"
CSV = "text/csv"
_NAME_CHARACTERS = 80
_ODD = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class ListPlace:
    """`prefix` is empty or ends in a slash. The role is the one that reads the list later."""

    region: Region
    role: Role
    bucket: str
    prefix: str

    @property
    def path(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}{FOLDER}/"

    def key_for(self, name: str, now: datetime) -> str:
        """A new key for a file of that name: no other list ever has it."""
        return f"{self.prefix}{FOLDER}/{now:%Y-%m-%d}-{uuid.uuid4().hex[:8]}/{plain_name(name)}"

    def storage(self) -> Storage:
        """Within a page's turn. Raises StorageError."""
        return storage_for_page(self.bucket, self.region, self.role)


def place_for(region: Region, role_arn: str = "") -> ListPlace:
    """`role_arn` is the role that reads the list, or empty for the Region's first one.

    Raises StorageError with a sentence that says what is missing.
    """
    known = RoleCredentials.objects.filter(region=region).select_related("role").order_by("pk")
    found = known.filter(role__arn=role_arn).first() or known.first()
    if found is None:
        sentence = f"No IAM role has credentials in Region {region.name}. An Admin adds them under Regions."
        raise StorageError("NoCredentials", sentence)
    for path in filter(None, (region.manifest_prefix, region.report_prefix)):
        bucket, prefix = parse_s3_uri(f"{path.rstrip('/')}/")
        return ListPlace(region, found.role, bucket, prefix)
    raise StorageError(
        "NoPlace",
        f"Region {region.name} has no default place of manifests, so there is nowhere to store a list."
        " An Admin enters it under Regions.",
    )


def plain_name(name: str) -> str:
    """A file's name in letters that no storage and no shell minds, without its folders."""
    last = name.replace("\\", "/").rpartition("/")[2]
    ascii_name = unicodedata.normalize("NFKD", last).encode("ascii", "ignore").decode()
    stem, dot, kind = _ODD.sub("-", ascii_name).strip("-.").rpartition(".")
    if not dot:
        return kind[:_NAME_CHARACTERS] or "list"
    return f"{stem[:_NAME_CHARACTERS] or 'list'}.{kind[:16]}"
