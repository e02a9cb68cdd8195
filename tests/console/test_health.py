"""/healthz and /readyz."""

import threading

import pytest

from jobs.console import health


def test_healthz_answers_without_the_database(client):  # which this test may not touch
    answer = client.get("/healthz", HTTP_HOST="10.0.0.7")
    assert (answer.status_code, answer.text) == (200, "ok\n")


def test_readyz_says_what_is_well_and_what_is_not(client, monkeypatch):
    def fails():
        raise OSError("the secret of the database")

    monkeypatch.setattr(health, "CHECKS", {"redis": lambda: None, "database": fails})
    answer = client.get("/readyz", HTTP_HOST="10.0.0.7")
    assert answer.status_code == 503
    said = "The database does not answer. Pages cannot be shown, and jobs wait."
    assert answer.json() == {"redis": True, "database": False, "problems": [said]}


def test_readyz_waits_no_longer_than_its_patience_and_asks_once(client, monkeypatch):
    go, looked = threading.Event(), []

    def hangs():
        looked.append(1)
        go.wait(60)

    monkeypatch.setattr(health, "CHECKS", {"database": hangs})
    monkeypatch.setattr(health, "PATIENCE_S", 0.05)
    try:
        answers = [client.get("/readyz") for _ in range(3)]
    finally:
        go.set()
    assert {answer.status_code for answer in answers} == {503}
    said = "No answer from the database, Redis or the work storage within 2 s."
    assert answers[0].json() == {"answered_in_time": False, "problems": [said]}
    assert looked == [1]


@pytest.mark.django_db
def test_every_check_passes_on_an_installation_that_works(redis):
    for check in health.CHECKS.values():
        check()


@pytest.mark.django_db
def test_work_folder_that_cannot_be_written_to_is_not_ready(settings, tmp_path):
    settings.BATCHCONSOLE_WORK_DIR = tmp_path / "file"
    settings.BATCHCONSOLE_WORK_DIR.write_text("")
    with pytest.raises(OSError):
        health.CHECKS["work_storage"]()


def test_every_check_has_a_sentence_for_when_it_fails():
    assert set(health.CHECKS) < set(health.SENTENCES)


def test_readyz_without_a_database_does_not_blame_its_set_up():
    (said,) = health.problems({"database": False, "migrations": False, "redis": True})
    assert said == health.SENTENCES["database"]
