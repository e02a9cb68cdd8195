"""The key of a listed object, from the cell that names it. Pure.

A frozen list has keys whose URL-encoding anybody decodes the same way: where a list writes a space as
`+`, its rows are frozen with %20.
"""

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from jobs.manifests.problems import ProblemKind, RowFaultError, quoted

MAX_KEY_BYTES = 1024

# ASCII controls, space and DEL: what URL-encoding never leaves as it is.
UNENCODED = re.compile(r"[\x00-\x20\x7f]")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2}).{0,2}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class KeyRules:
    """How the key column reads. With `plus_is_space` a `+` stands for a space and a plus is %2B, as
    inventories have it; without, it stands for itself. A key that `is_free` may be any text: one that is
    no URL-encoding is taken as it stands.
    """

    plus_is_space: bool = False
    is_free: bool = False

    def read(self, cell: str) -> tuple[str, str]:
        """The key as the frozen list has it, encoded, and the key. Raises RowFaultError."""
        if self.is_free:
            return self._read_free(cell)
        raw = spaced(cell) if self.plus_is_space else cell
        return raw, decode_key(raw)

    def _read_free(self, cell: str) -> tuple[str, str]:
        raw = spaced(cell) if self.plus_is_space else cell
        try:
            return raw, decode_key(raw)
        except RowFaultError:
            if not cell:
                raise
        raw = quote(cell, safe="/")
        return raw, decode_key(raw)


AS_WRITTEN = KeyRules()


def spaced(raw: str) -> str:
    """The same key with each `+` as an encoded space."""
    return raw.replace("+", "%20")


def decode_key(raw: str) -> str:
    """The object's key from its URL-encoded form; `+` stands for itself. Raises RowFaultError."""
    _check_encoding(raw)
    decoded = unquote_to_bytes(raw) if "%" in raw else raw.encode()
    if len(decoded) > MAX_KEY_BYTES:
        raise RowFaultError(
            ProblemKind.KEY,
            f"has a key of {len(decoded):,} bytes, decoded.",
            f"A key has at most {MAX_KEY_BYTES:,} bytes: remove the line or correct the key.",
        )
    if b"\0" in decoded:
        raise RowFaultError(ProblemKind.KEY, "has a key with a NUL byte (%00).", "Remove the line.")
    try:
        return decoded.decode()
    except UnicodeDecodeError as error:
        raise RowFaultError(
            ProblemKind.KEY_NOT_UTF8,
            f"has a key that is not UTF-8 when decoded (%{decoded[error.start]:02X}).",
            "Encode the key's UTF-8 bytes.",
        ) from None


def decoded_key(raw: str) -> str:
    """The same for a key that is only shown: one that cannot be decoded is left as it is."""
    spaced_out = raw.replace("%20", " ")  # Most keys have nothing else; reports have millions.
    if "%" not in spaced_out:
        return spaced_out
    try:
        return unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        return raw


def shown_key(raw: str) -> str:
    """The key as a person reads it: what does not show, such as a line break, stays encoded."""
    decoded = decoded_key(raw)
    if decoded.isprintable():
        return decoded
    return "".join(sign if sign.isprintable() else quote(sign, safe="") for sign in decoded)


def _check_encoding(raw: str) -> None:
    if not raw:
        raise RowFaultError(ProblemKind.KEY, "has no key.", "Put the object's key there.")
    unencoded = UNENCODED.search(raw)
    if unencoded:
        raise _unencoded(raw, unencoded[0])
    if "%" not in raw:
        return
    bad = _BAD_ESCAPE.search(raw)
    if bad:
        raise RowFaultError(
            ProblemKind.KEY_ENCODING,
            f"has {quoted(bad[0])} in its key, which is no URL-encoding.",
            "Write a percent sign of the key itself as %25.",
        )


def _unencoded(raw: str, sign: str) -> RowFaultError:
    if raw[0] == " ":
        return space_after_comma()
    name = "a space" if sign == " " else f"the control character 0x{ord(sign):02X}"
    return RowFaultError(
        ProblemKind.KEY_ENCODING,
        f"has {name} in its key.",
        f"Encode it as %{ord(sign):02X}: keys in a manifest are URL-encoded.",
    )


def space_after_comma() -> RowFaultError:
    """Who encodes that space gets keys that begin with one, and so no object at all."""
    return RowFaultError(
        ProblemKind.SPACE_AFTER_COMMA,
        "has a space after the comma.",
        "Remove it. A key that does begin with a space is written with %20.",
    )
