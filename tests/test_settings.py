"""The readers of the environment."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from batchconsole import environment, settings


def test_boolean_when_it_is_neither_true_nor_false_stops_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS", "maybe")
    with pytest.raises(ImproperlyConfigured, match='HTTPS must be true or false, not "maybe"'):
        environment.envbool("HTTPS", False)


@pytest.mark.parametrize("odd", ["0", "65536", "-1", "8e3", "eighty", "8000.0", "٨٠"])
def test_number_when_it_is_odd_or_out_of_range_stops_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, odd: str
) -> None:
    monkeypatch.setenv("PORT", odd)
    with pytest.raises(ImproperlyConfigured, match="PORT must be a whole number from 1 to 65535"):
        environment.envint("PORT", 8000, low=1, high=65535)


def test_number_when_the_variable_is_empty_is_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PORT", " ")
    assert environment.envint("PORT", 8000, low=1, high=65535) == 8000


def test_secret_when_a_file_is_named_comes_from_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("from file\n")
    monkeypatch.setenv("ADMIN_PASSWORD", "from variable")
    monkeypatch.setenv("ADMIN_PASSWORD_FILE", str(tmp_path / "secret"))
    assert environment.envsecret("ADMIN_PASSWORD") == "from file"


def test_secret_when_its_file_is_missing_stops_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ADMIN_PASSWORD_FILE", str(tmp_path / "nothing"))
    with pytest.raises(ImproperlyConfigured, match="ADMIN_PASSWORD_FILE names .*cannot be read"):
        environment.envsecret("ADMIN_PASSWORD")


def test_generated_secret_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret.key"
    first = environment.kept(path, lambda: "first")
    assert environment.kept(path, lambda: "second") == first == "first"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


PLACE = {"WORK_STORE": "s3://work/batch", "WORK_STORE_ENDPOINT": "https://s3.example.com/"}


def test_work_storage_without_a_variable_is_a_folder() -> None:
    assert settings.work_store() == {}


def test_work_storage_in_s3_when_a_place_and_its_endpoint_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("hidden\n")
    monkeypatch.setenv("WORK_STORE_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("WORK_STORE_SECRET_ACCESS_KEY_FILE", str(tmp_path / "secret"))
    for name, value in PLACE.items():
        monkeypatch.setenv(name, value)
    found = settings.work_store()
    assert found["BATCHCONSOLE_WORK_STORE"] == "s3://work/batch"
    assert found["BATCHCONSOLE_WORK_STORE_ENDPOINT"] == "https://s3.example.com"
    assert found["BATCHCONSOLE_WORK_STORE_SECRET_ACCESS_KEY"] == "hidden"


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        ({"WORK_STORE": "work/batch"}, 'must look like s3://bucket/prefix, not "work/batch"'),
        ({"WORK_STORE": "s3://W"}, "must look like s3://bucket/prefix"),
        ({"WORK_STORE_ENDPOINT": ""}, "WORK_STORE needs WORK_STORE_ENDPOINT"),
        ({"WORK_STORE_ENDPOINT": "s3.example.com"}, 'not "s3.example.com"'),
        (
            {"WORK_STORE_ENDPOINT": "https://user:hidden@s3.example.com"},
            "^Leave user and password out of WORK_STORE_ENDPOINT. Credentials are WORK_STORE_ACC[A-Z_]*"
            " and WORK_STORE_SECRET_ACCESS_KEY.$",
        ),
        ({"WORK_STORE_ADDRESSING": "dns"}, "WORK_STORE_ADDRESSING must be path or virtual"),
        ({"WORK_STORE_ACCESS_KEY_ID": "key"}, "go together: set both, or neither"),
        ({"WORK_STORE_SECRET_ACCESS_KEY": "x"}, "go together: set both, or neither"),
    ],
)
def test_work_storage_in_s3_when_a_value_is_odd_stops_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, odd: dict[str, str], words: str
) -> None:
    for name, value in (PLACE | odd).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=words):
        settings.work_store()


@pytest.mark.parametrize("odd", [{"WORK_STORE": "work"}, {"PORT": "eighty"}])
def test_start_with_an_odd_value_says_one_line(odd: dict[str, str], tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path / "data"), **odd}
    done = subprocess.run(
        [sys.executable, "manage.py", "up"],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    (name,) = odd
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1 and done.stderr.startswith(f"{name} must ")
    assert not (tmp_path / "data").exists()


def test_postgresql_that_is_cut_off_is_noticed_and_the_address_may_say_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://a:b@h/n?connect_timeout=3&sslmode=require")
    options = settings.database()["OPTIONS"]
    assert options["tcp_user_timeout"] == 20_000
    assert (int(options["connect_timeout"]), options["sslmode"]) == (3, "require")


@pytest.mark.parametrize(
    "url",
    ["localhost/name", "mysql://a:hidden@h/n", "postgres://a:hid/den@h:x/n", "postgres://[hidden"],
)
def test_database_url_that_is_none_stops_with_a_sentence_without_its_password(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(ImproperlyConfigured, match="^DATABASE_URL ") as caught:
        settings.database()
    assert "hid" not in str(caught.value)


def test_sqlite_lies_in_the_data_folder_whatever_its_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    file = tmp_path / "a #1?x=%41" / "batchconsole.sqlite3"
    found = environment.envdatabase("DATABASE_URL", file)
    assert (found["ENGINE"], found["NAME"]) == ("django.db.backends.sqlite3", str(file))


@pytest.mark.parametrize("url", ["h:6379", "http://h", "redis://:hidden@h:x/0", "redis://[hidden"])
def test_redis_url_that_is_none_stops_with_a_sentence_without_its_password(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("REDIS_URL", url)
    with pytest.raises(ImproperlyConfigured, match="^REDIS_URL must look like redis://") as caught:
        environment.envredis("REDIS_URL")
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "redis://h",
        "redis://h:6379/0",
        "rediss://user:p%40s@h:6379/0?ssl_cert_reqs=none",
        "redis://:a@b:c@h:1?db=2",
        "redis://[::1]:6379/0",
        "unix:///run/redis.sock?db=0",
    ],
)
def test_redis_url_that_is_one_passes(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("REDIS_URL", url)
    assert environment.envredis("REDIS_URL") == url


def test_folder_of_an_account_that_does_not_exist_stops_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATA_DIR", "~no-such-account/data")
    with pytest.raises(ImproperlyConfigured, match='DATA_DIR must be a folder, not "~no-such'):
        environment.envfolder("DATA_DIR", tmp_path)


@pytest.mark.parametrize("odd", ["hidden", ", ,", "aGlkZGVu"])
def test_encryption_key_that_is_none_stops_with_a_sentence_that_does_not_show_it(
    monkeypatch: pytest.MonkeyPatch, odd: str
) -> None:
    monkeypatch.setenv("ENCRYPTION_KEYS", odd)
    with pytest.raises(ImproperlyConfigured, match="^ENCRYPTION_KEYS must be Fernet") as caught:
        settings._encryption_keys()
    assert odd not in str(caught.value)


@pytest.mark.parametrize(
    ("bind", "own"),
    [
        ("127.0.0.1", ",127.0.0.1"),
        ("0.0.0.0", ""),  # noqa: S104
        ("::", ""),
        ("10.0.0.5", ",10.0.0.5"),
        ("fd00::5", ",[fd00::5]"),
    ],
)
def test_the_one_address_that_is_listened_on_is_an_allowed_host(bind: str, own: str) -> None:
    assert settings._own_names(bind) == f"localhost,127.0.0.1,[::1]{own}"
