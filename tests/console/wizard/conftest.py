"""A signed-in Operator, a Region over a real S3 server, and a manifest in it."""

from dataclasses import dataclass
from html.parser import HTMLParser

import pytest
from django.test import Client
from django.urls import reverse

from jobs.models import Draft
from tests.make import PASSWORD, make_region, make_role, make_user

ROWS = "photos,cats/a%20cat.jpg\nphotos,dogs/b.jpg\n"


@pytest.fixture
def operator(db):
    return make_user("operator", name="op")


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def client(operator):
    return signed_in(operator)


@pytest.fixture
def region(db, s3_server):
    return make_region("store", endpoint_url=s3_server)


@pytest.fixture
def role(region):
    return make_role(region)


@pytest.fixture
def put(s3, bucket):
    """put("list.csv", "…") -> "s3://bucket/list.csv"."""

    def put(key, text, **options):
        body = text if isinstance(text, bytes) else text.encode()
        s3.put_object(Bucket=bucket, Key=key, Body=body, **options)
        return f"s3://{bucket}/{key}"

    return put


@pytest.fixture
def photos(s3):
    """The bucket that the manifest names, without what other tests left in it."""
    s3.create_bucket(Bucket="photos")
    for found in s3.list_objects_v2(Bucket="photos").get("Contents", []):
        s3.delete_object(Bucket="photos", Key=found["Key"])
    return "photos"


@pytest.fixture
def manifest(put, photos):
    return put("list.csv", ROWS)


class _Form(HTMLParser):
    """The fields of <form id="wizard"> as a browser would send them, without any button."""

    def __init__(self, html):
        super().__init__()
        self.values, self._inside, self._select, self._first = {}, False, None, None
        self._text = None
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "form":
            self._inside = given.get("id") == "wizard"
        if not self._inside:
            return
        name, kind = given.get("name"), given.get("type", "text")
        if tag == "input" and name and "disabled" not in given:
            if kind in ("radio", "checkbox"):
                if "checked" in given:
                    self.values[name] = given.get("value", "on")
            else:
                self.values[name] = given.get("value", "")
        elif tag == "textarea":
            self._text, self.values[name] = name, ""
        elif tag == "select":
            self._select, self._first = name, None
        elif tag == "option" and self._select and (self._first is None or "selected" in given):
            self._first = self.values[self._select] = given.get("value", "")

    def handle_endtag(self, tag):
        if tag == "form":
            self._inside = False
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._text = None

    def handle_data(self, data):
        if self._text:
            # A line break behind the tag is none of the value.
            self.values[self._text] += data.removeprefix("\n").removeprefix("\r\n")


@dataclass
class Wizard:
    """Walks through the steps as a browser without scripts would."""

    client: Client
    draft: Draft
    html: str = ""

    def url(self, step):
        return reverse("wizard-step", args=[self.draft.pk, step])

    def open(self, step, **query):
        response = self.client.get(self.url(step), query)
        assert response.status_code == 200, response
        self.html = response.content.decode()
        return self

    @property
    def values(self):
        return _Form(self.html).values

    def create_despite(self):
        """Create job, with a tick where Review asks for one."""
        response = self.press("review")
        return self.send("review", despite=self.mark) if response.status_code == 200 else response

    @property
    def mark(self):
        """The value of the box for what is missing; empty where nothing is."""
        return self.html.partition('name="despite"')[2].partition('value="')[2].partition('"')[0]

    def press(self, step, go="next", **typed):
        """Open a step, type, press a button; the response, and the page that it leads to."""
        self.open(step)
        return self.send(step, go, **typed)

    def send(self, step, go="next", **typed):
        values = {**self.values, **typed, "go": go}
        if {"manifest_object", "version_id"} & set(typed):  # as on the page that has this field
            values |= {"kind": "csv", "kind_shown": "csv"}
        values = {name: value for name, value in values.items() if value is not None}
        response = self.client.post(self.url(step), values)
        if response.status_code == 200:
            self.html = response.content.decode()
        self.draft.refresh_from_db()
        return response


@pytest.fixture
def wizard(client):
    assert client.post(reverse("job-create")).status_code == 303
    return Wizard(client, Draft.objects.latest("created_at"))


@pytest.fixture
def at_operation(wizard, region, role, manifest):
    response = wizard.press("manifest", region="store", manifest_object=manifest)
    assert response.status_code == 303, wizard.html
    return wizard


@pytest.fixture
def at_options(at_operation):
    at_operation.press("operation", "show", operation="S3PutObjectTagging")
    response = at_operation.press(
        "operation", **{"new_tags-0-key": "team", "new_tags-0-value": "red"}
    )
    assert response.status_code == 303, at_operation.html
    return at_operation


@pytest.fixture
def at_review(at_options, bucket):
    response = at_options.press("options", report_path=f"s3://{bucket}/reports")
    assert response.status_code == 303, at_options.html
    return at_options


__all__ = ["PASSWORD", "signed_in"]
