"""Certificates of private authorities: read from what a person pasted, and kept as a file."""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

MAX_CHARACTERS = 65_536


@dataclass(frozen=True, slots=True)
class CACertificate:
    """`subject` as in RFC 4514 ("CN=Our CA,O=Us"); it ends at `expires_at`, an aware time."""

    subject: str
    expires_at: datetime


def holds_private_key(text: str) -> bool:
    return "PRIVATE KEY" in text


def checked_ca_certificates(text: str, now: datetime) -> str:
    """`text` as PEM to store; empty stays empty. Raises ValueError with a sentence unless all its
    certificates are those of authorities and valid `now`.
    """
    pem = text.replace("\r\n", "\n").strip()
    if not pem:
        return ""
    if holds_private_key(pem):
        raise ValueError(
            "This is a private key, which nobody else should have. Paste only the CA certificate,"
            " from BEGIN CERTIFICATE to END CERTIFICATE."
        )
    for certificate in _certificates(pem):
        _check(certificate, now)
    return f"{pem}\n"


def read_ca_certificates(pem: str) -> list[CACertificate]:
    """Of what was checked once; also when it has expired since. Raises ValueError."""
    return [CACertificate(_subject(one), one.not_valid_after_utc) for one in _certificates(pem)]


def ca_file(pem: str, folder: Path) -> Path:
    """A file with `pem` in `folder`: TLS libraries read authorities from files. Raises OSError.

    Named by its content, so that processes share it and none sees that of another Region.
    """
    path = folder / f"{hashlib.sha256(pem.encode()).hexdigest()}.pem"
    if not _holds(path, pem):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, fresh = tempfile.mkstemp(dir=folder)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(pem)
            os.replace(fresh, path)
        except BaseException:
            os.unlink(fresh)
            raise
    return path


def _check(certificate: x509.Certificate, now: datetime) -> None:
    name = _subject(certificate)
    if not _is_authority(certificate):
        raise ValueError(
            f"{name} is not a CA's certificate, but one of a server or person. Paste the"
            " certificate of the authority that signed it."
        )
    if certificate.not_valid_after_utc <= now:
        raise ValueError(
            f"{name} expired on {certificate.not_valid_after_utc:%Y-%m-%d}. Paste the CA"
            " certificate that followed it."
        )
    if certificate.not_valid_before_utc > now:
        raise ValueError(
            f"{name} is valid from {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC on."
            " Check the clock of this server, or paste the one that is valid now."
        )


def _holds(path: Path, pem: str) -> bool:
    try:
        return path.read_bytes() == pem.encode()
    except FileNotFoundError:
        return False


def _certificates(pem: str) -> list[x509.Certificate]:
    try:
        found = x509.load_pem_x509_certificates(pem.encode())
    except ValueError as error:
        raise ValueError(
            "This is not a certificate. Paste the CA certificate as PEM: the lines from BEGIN"
            " CERTIFICATE to END CERTIFICATE."
        ) from error
    return found


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False


def _subject(certificate: x509.Certificate) -> str:
    try:
        return certificate.subject.rfc4514_string() or "The certificate"
    except ValueError:
        return "The certificate"
