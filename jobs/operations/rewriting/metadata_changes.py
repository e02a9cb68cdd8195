"""Changes to the metadata and headers that an object has, the others left as they are. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from jobs.operations.checking import Checker, given
from jobs.operations.copying import copy_metadata
from jobs.operations.foreseeing import shortened
from jobs.operations.rewriting import object_metadata
from jobs.operations.rewriting.object_metadata import EXPIRES, REDIRECT, USER, Metadata, written_as

PUT, REDIRECT_MEMBER = "ObjectMetadata", "RedirectLocation"
REMOVE_USER, REMOVE_HEADERS = "RemoveUserMetadata", "RemoveHeaders"
MEMBERS = {PUT, REDIRECT_MEMBER, REMOVE_USER, REMOVE_HEADERS}
MOST_NAMES = 50

HEADERS = {
    "CacheControl": "cache-control",
    "ContentDisposition": "content-disposition",
    "ContentEncoding": "content-encoding",
    "ContentLanguage": "content-language",
    "ContentType": "content-type",
    "HttpExpiresDate": EXPIRES,
}
"""Member of ObjectMetadata to header."""

REMOVABLE = {
    **{name: header for name, header in HEADERS.items() if name != "ContentType"},
    REDIRECT_MEMBER: REDIRECT,
}
NO_TYPE = (
    "Every object has a Content-Type. Set another instead, such as binary/octet-stream, which"
    " stands for none."
)
NOTHING = "Enter at least one header or metadata to set or to remove."


@dataclass(frozen=True, slots=True)
class MetadataChanges:
    """`put` are members of ObjectMetadata as they were given, without those of the user: these stand
    in `user`. `removed_user` are names without x-amz-meta-, `removed` members of REMOVABLE.
    """

    put: Mapping[str, str] = field(default_factory=dict)
    user: Mapping[str, str] = field(default_factory=dict)
    redirect: str | None = None
    removed_user: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    @classmethod
    def parse(cls, parameters: Mapping[str, Any], check: Checker) -> Self:
        """Each name stands in one place, so that a repeat changes nothing more."""
        structure = check.structure(parameters.get(PUT), PUT)
        check.only(structure, {*HEADERS, "UserMetadata"}, PUT)
        put = given(
            {
                name: check.moment(structure.get(name), f"{PUT}.{name}")
                if name == "HttpExpiresDate"
                else check.header(structure.get(name), f"{PUT}.{name}", high=1024)
                for name in HEADERS
            }
        )
        user = copy_metadata.parse_user_metadata(
            structure.get("UserMetadata"), f"{PUT}.UserMetadata", check
        )
        redirect = _parse_redirect(parameters.get(REDIRECT_MEMBER), check)
        removed = _parse_removed(parameters.get(REMOVE_HEADERS), check)
        changes = cls(put, user, redirect, _parse_names(parameters, user, check), removed)
        changes._check(check)
        return changes

    def _check(self, check: Checker) -> None:
        for name in self.removed:
            if name in self.put or (name == REDIRECT_MEMBER and self.redirect is not None):
                message = f"{written_as(REMOVABLE[name])} is to be set and to be removed."
                check.say(f"{REMOVE_HEADERS}.{name}", message)
        is_empty = not (self.put or self.user or self.removed_user or self.removed)
        if is_empty and self.redirect is None and not check.problems:
            check.say(PUT, NOTHING)

    def to_wire(self) -> dict[str, Any]:
        structure = {**self.put, **({"UserMetadata": dict(self.user)} if self.user else {})}
        wire = {
            PUT: structure,
            REDIRECT_MEMBER: self.redirect,
            REMOVE_USER: [{"Key": name} for name in self.removed_user],
            REMOVE_HEADERS: dict.fromkeys(self.removed, True),
        }
        return {name: value for name, value in wire.items() if value}

    def texts(self) -> dict[str, str]:
        """What is set, by the names of headers."""
        texts = {HEADERS[name]: text for name, text in self.put.items()}
        if EXPIRES in texts:
            texts[EXPIRES] = object_metadata.as_date(datetime.fromisoformat(texts[EXPIRES]))
        if self.redirect is not None:
            texts[REDIRECT] = self.redirect
        return texts | {f"{USER}{name.lower()}": text for name, text in self.user.items()}

    def applied(self, found: Metadata) -> dict[str, str]:
        gone = {REMOVABLE[name] for name in self.removed}
        gone |= {f"{USER}{name.lower()}" for name in self.removed_user}
        return {name: text for name, text in found.items() if name not in gone} | self.texts()

    def to_text(self) -> list[tuple[str, str]]:
        """Labels and values for a person, of what there is."""
        put = ", ".join(f"{written_as(name)}: {text}" for name, text in self.texts().items())
        removed = [written_as(REMOVABLE[name]) for name in self.removed]
        removed += [f"{USER}{name}" for name in self.removed_user]
        pairs = [("Set", put), ("Remove", ", ".join(removed))]
        return [(label, text) for label, text in pairs if text]


def before_and_after(before: Metadata, after: Metadata) -> str:
    """ "Cache-Control would change from a to b; Expires would be removed (it is c)."."""
    parts = []
    for name in {**before, **after}:
        was, will = before.get(name), after.get(name)
        if was == will:
            continue
        label = written_as(name)
        if will is None:
            parts.append(f"{label} would be removed (it is {was})")
        elif was is None:
            parts.append(f"{label} would be set to {will}")
        else:
            parts.append(f"{label} would change from {was} to {will}")
    return shortened("; ".join(parts))


def _parse_redirect(value: Any, check: Checker) -> str | None:
    redirect = check.header(value, REDIRECT_MEMBER, high=2048)
    if redirect and not redirect.startswith(("/", "http://", "https://")):
        check.say(REDIRECT_MEMBER, f"{REDIRECT_MEMBER} must start with /, http:// or https://.")
    return redirect


def _parse_removed(value: Any, check: Checker) -> tuple[str, ...]:
    structure = check.structure(value, REMOVE_HEADERS)
    if "ContentType" in structure:
        check.say(f"{REMOVE_HEADERS}.ContentType", NO_TYPE)
    check.only(structure, {*REMOVABLE, "ContentType"}, REMOVE_HEADERS)
    flags = {n: check.flag(structure.get(n), f"{REMOVE_HEADERS}.{n}") for n in REMOVABLE}
    return tuple(name for name, flag in flags.items() if flag)


def _parse_names(
    parameters: Mapping[str, Any], user: Mapping[str, str], check: Checker
) -> tuple[str, ...]:
    items: Sequence[Any] = check.items(parameters.get(REMOVE_USER, ()), REMOVE_USER)
    if len(items) > MOST_NAMES:
        check.say(REMOVE_USER, f"Enter at most {MOST_NAMES} names, not {len(items):,}.")
    seen, names = {name.lower() for name in user}, []
    for n, item in enumerate(items):
        structure = check.structure(item, f"{REMOVE_USER}[{n}]")
        check.only(structure, {"Key"}, f"{REMOVE_USER}[{n}]")
        place = f"{REMOVE_USER}[{n}].Key"
        name = check.text(structure.get("Key", ""), place, high=1024) or ""
        copy_metadata.check_name(name, place, check)
        if name and name.lower() in seen:
            check.say(place, f'The metadata name "{name}" is entered twice.')
        seen.add(name.lower())
        names.append(name)
    return tuple(names)
