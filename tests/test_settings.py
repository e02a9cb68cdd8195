"""The readers of the environment."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from batchconsole import settings


def test_boolean_when_it_is_neither_true_nor_false_stops_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS", "maybe")
    with pytest.raises(ImproperlyConfigured, match='HTTPS must be true or false, not "maybe"'):
        settings.envbool("HTTPS", False)


@pytest.mark.parametrize("odd", ["0", "65536", "-1", "8e3", "eighty", "8000.0", "٨٠"])
def test_number_when_it_is_odd_or_out_of_range_stops_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, odd: str
) -> None:
    monkeypatch.setenv("PORT", odd)
    with pytest.raises(ImproperlyConfigured, match="PORT must be a whole number from 1 to 65535"):
        settings.envint("PORT", 8000, low=1, high=65535)


def test_number_when_the_variable_is_empty_is_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PORT", " ")
    assert settings.envint("PORT", 8000, low=1, high=65535) == 8000


def test_secret_when_a_file_is_named_comes_from_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("from file\n")
    monkeypatch.setenv("ADMIN_PASSWORD", "from variable")
    monkeypatch.setenv("ADMIN_PASSWORD_FILE", str(tmp_path / "secret"))
    assert settings.envsecret("ADMIN_PASSWORD") == "from file"


def test_secret_when_its_file_is_missing_stops_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ADMIN_PASSWORD_FILE", str(tmp_path / "nothing"))
    with pytest.raises(ImproperlyConfigured, match="ADMIN_PASSWORD_FILE names .*can not be read"):
        settings.envsecret("ADMIN_PASSWORD")


def test_generated_secret_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret.key"
    first = settings.kept(path, lambda: "first")
    assert settings.kept(path, lambda: "second") == first == "first"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]
