"""Old and new code side by side."""

import subprocess

import pytest

from bench import pair, tools
from bench.figures import MET, MISSED, Sample
from bench.pair import Plan
from tests.requirements import unavailable


def samples(*cpu_s):
    return [Sample(1000, 1.0, one) for one in cpu_s]


@pytest.mark.parametrize(
    ("new", "ratio", "verdict"),
    [((1.0, 1.0, 9.0), "1.000", MET), ((1.1, 2.2, 2.1), "1.100", MISSED)],
)
def test_codes_are_judged_by_the_median_of_the_ratios_of_each_round(new, ratio, verdict):
    rounds = {"old": samples(1.0, 2.0, 1.0), "new": samples(*new)}
    rows = pair.judged({"batch delete": rounds}, most=1.05).rows
    assert (rows[-1].figure, rows[-1].verdict) == (ratio, verdict)
    assert [row.goal for row in rows] == ["G5"] * 3


def test_unknown_goal_is_refused_with_the_names_there_are(capsys):
    with pytest.raises(SystemExit):
        pair.asked(["HEAD", "--goals", "G1,G2"])
    assert "there is no G2; there are G1, G4, G5" in capsys.readouterr().err


@pytest.mark.house
def test_old_commit_is_measured_beside_the_working_tree_and_leaves_nothing(
    place, tmp_path, monkeypatch
):
    if subprocess.run(["git", "rev-parse", "HEAD"], cwd=tools.ROOT, capture_output=True).returncode:
        unavailable("Benchmarks: an old commit needs a clone of the repository, with git")
    monkeypatch.setenv("BENCH_DIR", str(tmp_path))
    plan = Plan("HEAD", rounds=1, goals=["G5"], most=1000.0, in_turn=False)
    found = pair.measured_on(place.stub, plan)
    assert found.wrong == []
    assert [row.verdict for row in found.rows] == ["", "", MET]
    listed = subprocess.run(["git", "worktree", "list"], cwd=tools.ROOT, capture_output=True)
    assert str(tmp_path) not in listed.stdout.decode()
    assert list(tmp_path.glob("bc-pair-*")) == []


@pytest.mark.house
def test_commit_that_is_none_is_refused(place):
    with pytest.raises(SystemExit, match="no-such-commit"):
        pair.measured_on(place.stub, Plan("no-such-commit", 1, ["G5"], 1000.0, in_turn=True))
