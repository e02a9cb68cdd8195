"""Who may do what: every role, every act, every door. Each cell is tried for real.

What a role may is said in `world.MAY`; whatever is not said there is refused, by every door, and
leaves everything as it was.
"""

import pytest

from jobs.access.actions import Action
from jobs.choices import JobStatus
from tests.doors import attempts
from tests.doors.world import ACTS, MAY, ROLES, make_world

pytestmark = pytest.mark.django_db

NO_BROWSER = {"service account", "disabled Operator"}
"""They cannot sign in."""

ENTER_ADMIN = {"Admin", "root", "Regions alone"}


def assert_as_said(world, act, attempt, may):
    before = world.state()
    came_through = attempt(world)
    after = world.state()
    assert came_through is may
    assert (before != after) is (may and (act in attempts.CHANGES or "Renamed" in str(after)))


def world_of(role, act):
    return make_world(role, attempts.STATUS.get(act, JobStatus.SUSPENDED))


def test_every_action_of_policies_is_an_act_here():
    named = {action for act in ACTS for action in act.split(" to ")[0].split(", ")}
    assert named == set(Action.values)


def test_every_act_is_tried_at_every_door_or_shown_not_to_be_there():
    assert set(attempts.BROWSER) == set(ACTS)
    assert set(attempts.API) | {act for act in ACTS if act.startswith("batchconsole:")} == set(ACTS)
    assert set(attempts.ADMIN) | attempts.CHANGES >= set(ACTS) - {
        "s3:CreateJob",
        "batchconsole:RetryJob",
        "batchconsole:ViewAudit",
    }


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("act", ACTS)
def test_browser(role, act):
    may = act in MAY[role] and role not in NO_BROWSER
    assert_as_said(world_of(role, act), act, attempts.BROWSER[act], may)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("act", ACTS)
def test_api(role, act):
    world = world_of(role, act)
    if act in attempts.API:
        assert_as_said(world, act, attempts.API[act], act in MAY[role])
    else:
        before = world.state()
        attempts.has_no_such_call(world, act)
        assert world.state() == before


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("act", ACTS)
def test_admin_site(role, act):
    world = world_of(role, act)
    if act in attempts.ADMIN:
        may = act in MAY[role] and role in ENTER_ADMIN
        assert_as_said(world, act, attempts.ADMIN[act], may)
    else:
        before = world.state()
        attempts.admin_refuses(world, act)
        assert world.state() == before
