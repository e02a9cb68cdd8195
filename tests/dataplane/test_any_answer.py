"""Whatever a storage, or somebody on the way to it, answers: no row of a report is untrue, and what
somebody wrote anew is never deleted. Compared with what the storage really did.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.answering_forms import BODIES, HEADERS, Form
from tests.answering_storage import Play
from tests.dataplane.answer_cases import PARAMETERS, READS, Case, is_good, says_done
from tests.dataplane.answer_table import REFUSED_READS, STATUSES, TABLE
from tests.dataplane.answered import Seen, run_all

CASES = {str(case): case for case in TABLE}


@pytest.fixture(scope="module")
def table(bench, request) -> dict[Case, Seen]:
    """All combinations that were asked for, run side by side."""
    items = request.session.items
    named = {item.callspec.params.get("name") for item in items if hasattr(item, "callspec")}
    cases = [case for name, case in CASES.items() if name in named]
    return {seen.case: seen for seen in run_all(cases, bench)}


def test_the_table_has_more_than_200_combinations():
    assert len(CASES) == len(TABLE) > 200


@pytest.mark.parametrize("name", CASES)
def test_outcome_says_what_the_storage_did_whatever_it_answers(name, table):
    seen = table[CASES[name]]
    assert not seen.has_no_end, f"no end: {seen.told()}"
    assert seen.untrue == [], seen.told()
    assert seen.world.deleted_anew == 0, seen.told()
    if seen.case.does and not (seen.case.is_refusal or seen.case.operation == "delete versions"):
        deleting = seen.world.asked["DeleteObject"] + seen.world.asked["DeleteObjects"]
        assert seen.deletions_of_most <= 2, seen.told()
        assert deleting <= 2 * seen.case.keys + 8, seen.told()


FORMS = st.builds(
    Form,
    st.sampled_from((None, *STATUSES)),
    st.sampled_from(sorted(BODIES)),
    st.sampled_from(sorted(HEADERS)),
)
PLAYS = st.builds(Play, st.booleans(), FORMS, st.booleans())


def claims_too_much(action: str, play: Play, *, versioned: bool) -> bool:
    """Of what was not done, by a storage that proves who it is: only a look at each would show it."""
    is_told = is_good(action, play.form.status) and not play.lost and not play.does
    return is_told and says_done(action, play.form, versioned)


@settings(max_examples=40)
@given(
    st.sampled_from(sorted(PARAMETERS)),
    st.booleans(),
    st.lists(PLAYS, min_size=1, max_size=12),
    st.one_of(st.none(), st.sampled_from(REFUSED_READS)),
)
def test_no_row_is_untrue_whatever_a_storage_answers_one_after_the_other(
    bench, operation, versioned, plays, reads
):
    versioned = versioned or operation == "delete versions"
    case = Case(operation, (), None, reads=reads, versioned=versioned, keys=4)
    trial, given_plays = bench.of(case), iter(plays)

    def script(asked):
        if asked.action in READS:
            return Play(form=reads) if reads else None
        play = next(given_plays, None)
        if play and claims_too_much(asked.action, play, versioned=versioned):
            return Play(True, play.form)
        return play

    left = trial.run(script)
    if left:
        trial.run(script, left, tried_since_s=trial.began_s)
    seen = bench.seen(case, trial)
    assert not seen.has_no_end, seen.told()
    assert seen.untrue == [], seen.told()
