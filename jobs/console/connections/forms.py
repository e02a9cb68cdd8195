"""Connecting functions and webhooks. A secret is written here and never shown again."""

import re
import socket
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django import forms
from django.utils import timezone
from django.utils.text import slugify

from jobs.console.regions.forms import AMBIENT, KEYS
from jobs.errors import StorageError
from jobs.models import FunctionEndpoint, Webhook
from jobs.models.connection import Connection
from jobs.s3.ca_certificates import checked_ca_certificates, holds_private_key
from jobs.s3.function_arns import is_function_name
from jobs.s3.reachable import problem_with
from jobs.services.posting import place_of
from jobs.services.webhook import secret_of
from jobs.services.webhook_addresses import refused

_MONO = {"class": "mono-input", "autocomplete": "off", "spellcheck": "false"}
_NAME_ERRORS = {"required": "Enter a name.", "unique": "Another one has this name."}
_CA_HELP = (
    "For a private certificate authority, in PEM format. Only this certificate is then trusted for this address. Empty: those that the"
    " server trusts do."
)
_KEPT = "Empty keeps what is stored."


def _secret(label: str, help_text: str, *, enter: str = "", high: int = 1024) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=bool(enter),
        error_messages={"required": enter},
        strip=True,
        max_length=high,
        help_text=help_text,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class ConnectionForm(forms.ModelForm[Any]):
    """`secrets` are fields that are never sent back, and are kept where they are left empty."""

    secrets: ClassVar[tuple[str, ...]]

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, **({"auto_id": "%s", "label_suffix": ""} | options))
        self._stored = {name: getattr(self.instance, name) for name in self.secrets}
        for name in self.secrets:
            self.initial.pop(name, None)
            if self._stored[name]:
                self.fields[name].help_text = _KEPT
                self.fields[name].required = False

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if not slugify(name):
            raise forms.ValidationError("The name needs at least one letter or digit.")
        return name

    def clean_ca_certificate(self) -> str:
        text: str = self.cleaned_data["ca_certificate"]
        if holds_private_key(text):  # it goes no further, and not back to the browser
            self.data = {**self.data, "ca_certificate": ""}
        try:
            return checked_ca_certificates(text, timezone.now())
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        for name in self.secrets:
            given[name] = given.get(name) or self._stored[name]
        if given.get("ca_certificate") and str(given.get("url", "")).lower().startswith("http:"):
            self.add_error(
                "ca_certificate", "Remove the CA certificate, or write the URL with https."
            )
        return given

    def save(self, commit: bool = True) -> Any:
        row: Connection = self.instance
        if not row.slug:
            row.slug = free_slug(type(row), row.name)
            row.created_at = timezone.now()
        return super().save(commit)


class FunctionsForm(ConnectionForm):
    secrets = ("secret_access_key", "session_token")

    kind = forms.ChoiceField(
        label="Credentials",
        choices=[
            (KEYS, "Access key and secret"),
            (AMBIENT, "Those of the server and its workers (environment, instance profile)"),
        ],
        initial=KEYS,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose where the credentials come from."},
    )
    names = forms.CharField(
        label="Functions",
        required=False,
        max_length=20_000,
        help_text="Names of the functions that jobs may invoke, one in a line. Empty: all of them.",
        widget=forms.Textarea(attrs={**_MONO, "rows": 3}),
    )
    secret_access_key = _secret(
        "Secret access key",
        "Stored encrypted and never shown again.",
        enter="Enter the secret access key.",
    )
    session_token = _secret("Session token", "Only for temporary credentials.", high=4096)

    class Meta:
        model = FunctionEndpoint
        fields = (
            *("name", "url", "code", "ca_certificate", "access_key_id"),
            *("secret_access_key", "session_token"),
        )
        labels = {"url": "Endpoint URL"}
        help_texts = {
            "name": "How people will recognise these functions.",
            "url": "Where the Lambda API answers, such as https://lambda.eu-west-1.amazonaws.com",
            "code": "What requests are signed for, and what stands in the ARNs of these functions:"
            " arn:aws:lambda:eu-west-1:123456789012:function:name",
            "ca_certificate": _CA_HELP,
        }
        error_messages = {
            "name": _NAME_ERRORS,
            "url": {"required": "Enter the endpoint URL."},
            "access_key_id": {"required": "Enter the access key ID."},
            "code": {
                "required": "Enter the Region code.",
                "unique": "Functions of this Region code are connected already.",
            },
        }
        widgets = {
            "url": forms.TextInput(attrs=_MONO),
            "code": forms.TextInput(attrs={**_MONO, "class": "mono-input w-sm"}),
            "ca_certificate": forms.Textarea(attrs={**_MONO, "rows": 4}),
            "access_key_id": forms.TextInput(attrs=_MONO),
        }

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        if self.instance.pk:
            self.initial["kind"] = AMBIENT if self.instance.ambient else KEYS
            self.initial["names"] = "\n".join(self.instance.functions)
        is_ambient = (self.data or self.initial).get("kind") == AMBIENT
        self.fields["access_key_id"].required = not is_ambient
        if is_ambient:
            self.fields["secret_access_key"].required = False

    def clean_url(self) -> str:
        return checked_url(self.cleaned_data["url"], "keys").rstrip("/")

    def clean_names(self) -> list[str]:
        names = [name for name in re.split(r"[\s,]+", self.cleaned_data["names"]) if name]
        for name in names:
            if not is_function_name(name):
                raise forms.ValidationError(
                    f'"{name[:80]}" is no name of a function: use letters, digits, hyphens and'
                    " underscores, one name in a line."
                )
        return list(dict.fromkeys(names))

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        row = self.instance
        row.ambient = given.get("kind") == AMBIENT
        row.functions = given.get("names") or []
        if row.ambient:
            return given | {"access_key_id": "", "secret_access_key": "", "session_token": ""}
        if self.data.get("secret_access_key"):
            given["session_token"] = self.data.get("session_token", "")
        return given


class WebhookForm(ConnectionForm):
    secrets = ("secret",)

    secret = _secret(
        "Secret",
        "whsec_ and 24 to 64 bytes in base64, shared with the receiver. Stored encrypted and never"
        " shown again.",
        enter="Enter the secret.",
    )

    class Meta:
        model = Webhook
        fields = ("name", "url", "ca_certificate", "may_be_private", "secret")
        help_texts = {
            "name": "How people will recognise this webhook.",
            "url": "Each task is sent there by POST. Redirects are not followed.",
            "ca_certificate": _CA_HELP,
            "may_be_private": "For a receiver within your own network or on this machine. Link-local"
            " addresses are refused all the same.",
        }
        error_messages = {"name": _NAME_ERRORS, "url": {"required": "Enter the URL."}}
        widgets = {
            "url": forms.TextInput(attrs=_MONO),
            "ca_certificate": forms.Textarea(attrs={**_MONO, "rows": 4}),
        }

    def clean_url(self) -> str:
        return checked_url(self.cleaned_data["url"], "the secret")

    def clean_secret(self) -> str:
        text: str = self.cleaned_data["secret"]
        if text:
            try:
                secret_of(text)
            except ValueError as error:
                raise forms.ValidationError(str(error)) from error
        return text

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        url = given.get("url")
        why = _address_problem(url, may_be_private=bool(given.get("may_be_private"))) if url else ""
        if why:
            self.add_error("url", why)
        return given


def checked_url(url: str, credentials: str) -> str:
    """Raises forms.ValidationError with a sentence. Asks no name server."""
    text = str(url).strip()
    problem = problem_with(text, credentials)
    try:
        place_of(text)
    except StorageError as error:
        problem = problem or error.message
    if problem:
        raise forms.ValidationError(problem)
    return text


def _address_problem(url: str, *, may_be_private: bool) -> str:
    """What can be said of a webhook's URL without a name server; the rest shows when it is called."""
    parts = urlsplit(url)
    if parts.scheme == "http" and not may_be_private:
        return "Write the URL with https. Without it only a private address can be called."
    try:
        found = socket.getaddrinfo(parts.hostname, None, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return ""
    return refused(str(found[0][4][0]), may_be_private=may_be_private)


def free_slug(model: type[Connection], name: str) -> str:
    """From the name, with a number where another one has that already."""
    base = slugify(name)[:70]
    rows = model._default_manager.filter(slug__startswith=base)
    taken = {"create", *rows.values_list("slug", flat=True)}
    number, slug = 2, base
    while slug in taken:
        slug, number = f"{base}-{number}", number + 1
    return slug
