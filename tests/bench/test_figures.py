"""Medians, ratios and the table."""

import pytest

from bench import __main__ as command
from bench import report
from bench.figures import Findings, Row, Sample, figure, per_s, ratio


def test_ratio_is_taken_round_by_round():
    quick = [Sample(100, 1), Sample(100, 2), Sample(100, 10)]
    slow = [Sample(10, 1), Sample(10, 2), Sample(10, 10)]
    assert ratio({"quick": quick, "slow": slow}, "quick", "slow", per_s) == figure([10.0])


@pytest.mark.parametrize(
    ("met", "counts", "verdict"),
    [(True, "", "met"), (False, "", "missed"), (True, "busy", "does not count"), (None, "", "")],
)
def test_row_says_whether_its_goal_was_met(met, counts, verdict):
    found = Findings()
    found.add("G0", "something", figure([1.0, 3.0, 2.0]), met=met, counts=counts)
    [row] = found.rows
    assert (row.figure, row.spread, row.verdict) == ("2", "1 to 3", verdict)


def test_table_reads_as_markdown():
    text = report.table([Row("G1", "a job", ">= 1", "2", "1 to 3", "met")])
    head, rule, line = text.splitlines()
    assert head.startswith("|") and set(rule) <= set("|-: ")
    assert [cell.strip() for cell in line.split("|")[1:-1]] == [
        *("G1", "a job", "2", "1 to 3", ">= 1", "met"),
    ]


@pytest.mark.parametrize(("wrong", "code"), [([], 0), (["a row was lost"], 1)])
def test_run_ends_with_an_error_for_a_wrong_result_and_not_for_a_slow_one(
    wrong, code, monkeypatch, capsys
):
    slow = Row("G1", "a job", ">= 1", "0", "", "missed")
    monkeypatch.setenv("BENCH_ONLY", "G1")
    monkeypatch.setattr(command, "require_tools", lambda: None)
    monkeypatch.setattr(command, "measure", lambda part, folder: Findings([slow], {}, wrong))
    assert command.main() == code
    said = capsys.readouterr().out
    assert f"wrong results: {len(wrong)}" in said and all(text in said for text in wrong)


def test_unknown_part_is_refused_with_the_names_there_are(monkeypatch):
    monkeypatch.setenv("BENCH_ONLY", "G99")
    with pytest.raises(SystemExit, match="there is no G99; there are G1, "):
        command.chosen()
