"""An installation that was used and in which much went wrong, with secrets that are easy to find."""

import contextlib
import hashlib
import http.cookiejar
import re
import sqlite3
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

from cryptography.fernet import Fernet
from redis import Redis

from tests.management.installations import Installation, start
from tests.servers import eventually, free_port, s3_client, storage_running

EMAIL = "owner@example.org"
SECRETS = {
    "the administrator's password": "correct-horse-of-the-owner",
    "a new password of the administrator": "correct-horse-of-tomorrow",
    "a wrong password": "wrong-horse-of-the-owner",
    "a password in the field of the email": "password-in-the-email-field",
    "a secret access key": "wJalr-of-the-region-EXAMPLEKEY",
    "a session token": "token-of-the-region-EXAMPLE",
    "a secret access key by the admin site": "wJalr-of-the-admin-site-KEY",
    "a secret access key that was only tested": "wJalr-only-tested-EXAMPLEKEY",
    "a password in an endpoint URL": "password-in-an-endpoint",
    "SECRET_KEY": "key-that-signs-" + "0123456789" * 5,
    "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
}
ARN = "arn:aws:iam::123456789012:role/batch"
ROWS = b"".join(b"objects,%s\n" % name for name in (b"there", b"missing", b"gone"))
MAKE_JOB = """
from django.contrib.auth.models import User
from django.utils import timezone
from tests.allowed import allowed
from jobs.choices import ManifestField, ReportScope
from jobs.lifecycle.creation import create_job
from jobs.models import Region
from jobs.spec.job import JobSpec
from jobs.spec.manifest import ManifestSpec
from jobs.spec.report import ReportSpec
job = create_job(
    JobSpec(
        region=Region.objects.get().pk,
        operation="S3PutObjectTagging",
        parameters={"TagSet": [{"Key": "team", "Value": "blue"}]},
        manifest=ManifestSpec(
            bucket="objects", key="list.csv", etag="ETAG",
            fields=(ManifestField.BUCKET, ManifestField.KEY),
        ),
        report=ReportSpec(enabled=True, bucket="objects", prefix="out", scope=ReportScope.ALL_TASKS),
        priority=10, role_arn="ROLE", client_request_token="TOKEN",
        confirmation_required=WAITS, description="", tags={},
    ),
    by=allowed(User.objects.get()), now=timezone.now(),
)
print(job.pk)
"""
SHOW_JOB = "SELECT status || ' ' || waiting_for FROM jobs_job WHERE client_request_token = ?"


@dataclass
class Browser:
    """A person's, who fills in forms."""

    address: str
    cookies: http.cookiejar.CookieJar = field(default_factory=http.cookiejar.CookieJar)

    def get(self, path: str, data: dict[str, str] | None = None) -> str:
        opener = build_opener(HTTPCookieProcessor(self.cookies))
        body = urlencode(data).encode() if data else None
        try:
            return str(opener.open(f"{self.address}{path}", body).read().decode())
        except HTTPError as error:
            return error.read().decode()

    def post(self, path: str, **values: str) -> str:
        """Fills in the form that the page shows."""
        (token, *_) = re.findall('name="csrfmiddlewaretoken" value="([^"]+)"', self.get(path))
        return self.get(path, {"csrfmiddlewaretoken": token, **values})


@dataclass
class Lived:
    """An installation that was used, and what it left behind: pages, folders, Redis."""

    installation: Installation
    work: Path
    pages: list[str]
    redis: dict[str, bytes]


@contextlib.contextmanager
def lived_in(folder: Path) -> Iterator[Lived]:
    """One that was used by a person, and went on when its storage did not; it still runs."""
    port = free_port()
    with storage_running(folder, port) as url:
        variables = {name: SECRETS[name] for name in ("SECRET_KEY", "ENCRYPTION_KEYS")}
        installation = start(
            folder / "data",
            ADMIN_EMAIL=EMAIL,
            ADMIN_PASSWORD=SECRETS["the administrator's password"],
            WORK_DIR=str(folder / "elsewhere" / "work"),
            **variables,
        )
        try:
            browser = Browser(f"http://127.0.0.1:{installation.port}")
            pages = [*sign_in(browser), *connect(browser, url), *change_by_admin_site(browser)]
            fill(url)
            run_job_with_failures(installation, variables)
            pages += break_storage(browser, installation, variables)
            pages += change_password(browser)
            with Redis(unix_socket_path=str(folder / "data" / "redis.sock")) as client:
                kept = content_of(client)
            yield Lived(installation, folder / "elsewhere" / "work", pages, kept)
        finally:
            installation.end()


def sign_in(browser: Browser) -> list[str]:
    secret = SECRETS["a password in the field of the email"]
    return [
        browser.post("/sign-in/", email=EMAIL, password=SECRETS["a wrong password"]),
        browser.post("/sign-in/", email="nobody@example.org", password=SECRETS["a wrong password"]),
        browser.post("/sign-in/", email=secret, password="x").replace(f'value="{secret}"', ""),
        browser.post("/sign-in/", email=EMAIL, password=SECRETS["the administrator's password"]),
    ]


def connect(browser: Browser, url: str) -> list[str]:
    typed = {
        **{"name": "Ours", "endpoint_url": url, "code": "us-east-1", "path_style": "on"},
        **{"verify_tls": "on", "arn": ARN, "kind": "keys", "access_key_id": "AKIATEST"},
        "session_token": SECRETS["a session token"],
    }
    only_tested = SECRETS["a secret access key that was only tested"]
    odd = f"http://owner:{SECRETS['a password in an endpoint URL']}@127.0.0.1:9"
    shown = browser.post("/regions/create/", **typed | {"endpoint_url": odd})
    return [
        shown.replace(odd, ""),  # what somebody typed stands in its own field
        browser.post("/regions/create/", **typed, secret_access_key=only_tested, go="test"),
        browser.post("/regions/create/", **typed, secret_access_key=SECRETS["a secret access key"]),
        browser.get("/regions/ours/"),
    ]


def change_by_admin_site(browser: Browser) -> list[str]:
    path = "/admin/jobs/rolecredentials/1/change/"
    secret = SECRETS["a secret access key by the admin site"]
    typed = {"role": "1", "region": "1", "access_key_id": "AKIATEST", "secret_access_key": secret}
    return [
        browser.post(path, **typed),
        browser.post(path, **typed | {"access_key_id": ""}),
        browser.get(path),
        browser.get("/admin/jobs/rolecredentials/1/history/"),
    ]


def fill(url: str) -> None:
    client = s3_client(url)
    client.create_bucket(Bucket="objects")
    client.put_object(Bucket="objects", Key="there", Body=b"1")
    client.put_object(Bucket="objects", Key="list.csv", Body=ROWS)


def run_job_with_failures(installation: Installation, variables: dict[str, str]) -> None:
    make_job(installation, variables, "one")
    eventually(lambda: job_says(installation, "one").startswith("Complete "))
    make_job(installation, variables, "prepared", waits=True)
    eventually(lambda: job_says(installation, "prepared").startswith("Suspended "))


def break_storage(
    browser: Browser, installation: Installation, variables: dict[str, str]
) -> list[str]:
    nobody = "http://127.0.0.1:9"
    typed = {"name": "Ours", "endpoint_url": nobody, "code": "us-east-1", "path_style": "on"}
    pages = [browser.post("/regions/ours/", **typed)]
    job = make_job(installation, variables, "two")
    eventually(lambda: "127.0.0.1:9" in job_says(installation, "two"))
    return [*pages, browser.get(f"/jobs/{job}/"), browser.get("/regions/ours/")]


def change_password(browser: Browser) -> list[str]:
    new = SECRETS["a new password of the administrator"]
    old = SECRETS["the administrator's password"]
    path = "/admin/password_change/"
    return [browser.post(path, old_password=old, new_password1=new, new_password2=new)]


def make_job(
    installation: Installation, variables: dict[str, str], token: str, *, waits: bool = False
) -> str:
    etag = hashlib.md5(ROWS, usedforsecurity=False).hexdigest()
    code = MAKE_JOB.replace("ROLE", ARN).replace("TOKEN", token).replace("ETAG", etag)
    code = code.replace("WAITS", str(waits))
    done = installation.manage("shell", "-v0", "-c", code, **variables)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def job_says(installation: Installation, token: str) -> str:
    with opened(installation.folder / "batchconsole.sqlite3") as connection:
        return str(connection.execute(SHOW_JOB, [token]).fetchone()[0])


@contextlib.contextmanager
def opened(database: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=60)
    try:
        yield connection
    finally:
        connection.close()


def content_of(client: "Redis") -> dict[str, bytes]:
    """All that stands in Redis, by key; what RQ has packed is unpacked."""
    found = {}
    for key in client.scan_iter():
        match client.type(key):
            case b"hash":
                values = [part for pair in client.hgetall(key).items() for part in pair]
            case b"list":
                values = client.lrange(key, 0, -1)
            case b"set":
                values = list(client.smembers(key))
            case b"zset":
                values = client.zrange(key, 0, -1)
            case b"stream":
                values = [str(client.xrange(key)).encode()]
            case _:
                values = [client.get(key) or b""]
        found[key.decode()] = b"\n".join(map(unpacked, values))
    return found


def unpacked(value: bytes) -> bytes:
    try:
        return zlib.decompress(value)
    except zlib.error:
        return value
