"""Create job by Django's test client: the pages' forms are read, filled in and sent."""

from dataclasses import dataclass
from html.parser import HTMLParser

from django.test import Client
from django.urls import reverse

from jobs.models import Draft


class Form(HTMLParser):
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
        return Form(self.html).values

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
