"""Private authorities, and servers' certificates that they signed, for 127.0.0.1."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

PEM = serialization.Encoding.PEM


@dataclass
class Authority:
    """`pem` is its certificate; `pem` of what `sign` gives is a server's, with its key."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self):
        return self.certificate.public_bytes(PEM).decode()

    def key_pem(self):
        return _key_pem(self.key)

    def sign(self, path, name=""):
        """Returns the path of a file with a server's key and certificate, for a host's `name` if one is
        given.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        address = x509.IPAddress(IPv4Address("127.0.0.1"))
        alt = x509.SubjectAlternativeName([x509.DNSName(name) if name else address])
        made = _builder("storage", self.certificate.subject, key).add_extension(alt, False)
        path.write_text(
            _key_pem(key) + made.sign(self.key, hashes.SHA256()).public_bytes(PEM).decode()
        )
        return path


def make_authority(name="Our CA", *, is_ca=True, begins_days=-1, ends_days=30):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    builder = _builder(name, subject, key, begins_days, ends_days).add_extension(
        x509.BasicConstraints(ca=is_ca, path_length=None), True
    )
    return Authority(key, builder.sign(key, hashes.SHA256()))


def _builder(name, issuer, key, begins_days=-1, ends_days=30):
    now = datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    return (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now + timedelta(days=begins_days))
        .not_valid_after(now + timedelta(days=ends_days))
    )


def _key_pem(key):
    plain = serialization.NoEncryption()
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, plain).decode()
