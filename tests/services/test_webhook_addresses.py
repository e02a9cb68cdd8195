"""Which addresses a webhook may have, and which one of a name is called."""

import socket

import pytest

from jobs.errors import StorageError
from jobs.services.webhook_addresses import pinned, refused

ALWAYS = [
    *("169.254.169.254", "169.254.1.1", "fe80::1", "fe80::1%eth0", "::ffff:169.254.169.254"),
    *("fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192"),
    *("64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "224.0.0.1", "ff02::1"),
]
PRIVATE = [
    *("127.0.0.1", "127.9.9.9", "::1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "0.0.0.0", "::"),  # noqa: S104
    *("fd12::1", "100.64.0.1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"),
]
PUBLIC = ["1.1.1.1", "2606:4700:4700::1111", "8.8.8.8"]


@pytest.mark.parametrize("address", ALWAYS)
def test_address_where_a_machine_finds_credentials_is_always_refused(address):
    for may_be_private in (False, True):
        assert "credentials" in refused(address, may_be_private=may_be_private)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_address_is_refused_unless_it_was_allowed(address):
    assert "An administrator can allow that" in refused(address, may_be_private=False)
    assert refused(address, may_be_private=True) == ""


@pytest.mark.parametrize("address", PUBLIC)
def test_public_address_may_be_called(address):
    assert refused(address, may_be_private=False) == ""


def names(monkeypatch, *addresses):
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)


def test_name_is_called_at_the_address_that_was_looked_at(monkeypatch):
    names(monkeypatch, "1.1.1.1", "8.8.8.8")
    assert pinned("hooks.example.org", 443, may_be_private=False) == "1.1.1.1"


def test_name_of_which_one_address_is_refused_is_not_called(monkeypatch):
    names(monkeypatch, "1.1.1.1", "169.254.169.254")
    with pytest.raises(StorageError, match=r"169\.254\.169\.254"):
        pinned("hooks.example.org", 443, may_be_private=True)


def test_name_that_leads_nowhere_gets_a_sentence():
    with pytest.raises(StorageError, match="leads nowhere"):
        pinned("nowhere.invalid", 443, may_be_private=False)
