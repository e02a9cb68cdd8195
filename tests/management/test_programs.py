"""Where a person finds the console."""

from typing import Any

import pytest

from jobs.management import programs

OWN = ["localhost", "127.0.0.1", "[::1]"]
ALL = "0.0.0.0"  # noqa: S104


@pytest.mark.parametrize(
    ("bind", "hosts", "origins", "https", "address"),
    [
        ("127.0.0.1", OWN, [], False, "http://127.0.0.1:8123/"),
        ("::1", OWN, [], False, "http://[::1]:8123/"),
        (ALL, OWN, [], False, "http://127.0.0.1:8123/"),
        ("::", OWN, [], False, "http://[::1]:8123/"),
        ("10.0.0.5", OWN + ["10.0.0.5"], [], False, "http://10.0.0.5:8123/"),
        (ALL, OWN + ["console.lan"], [], False, "http://console.lan:8123/"),
        (ALL, ["*"], [], False, "http://127.0.0.1:8123/"),
        (ALL, [".lan"], [], False, "http://127.0.0.1:8123/"),
        ("127.0.0.1", ["console.example"], [], False, "http://console.example/"),
        (ALL, ["console.example"], [], True, "https://console.example/"),
        (
            ALL,
            OWN,
            ["https://*.example", "https://c.example:8443"],
            True,
            "https://c.example:8443/",
        ),
    ],
)
def test_address_is_one_that_a_browser_can_use(
    settings: Any, bind: str, hosts: list[str], origins: list[str], https: bool, address: str
) -> None:
    settings.BATCHCONSOLE_BIND, settings.BATCHCONSOLE_PORT = bind, 8123
    settings.ALLOWED_HOSTS, settings.CSRF_TRUSTED_ORIGINS = hosts, origins
    settings.HTTPS = https
    assert programs.address() == address


@pytest.mark.parametrize(
    ("bind", "address", "alone"),
    [
        (ALL, "http://127.0.0.1:8000/", True),
        (ALL, "http://console.lan:8000/", False),
        ("127.0.0.1", "http://127.0.0.1:8000/", False),
    ],
)
def test_address_that_no_other_machine_can_use_is_known(
    settings: Any, bind: str, address: str, alone: bool
) -> None:
    settings.BATCHCONSOLE_BIND = bind
    assert programs.is_for_this_machine_alone(address) is alone
