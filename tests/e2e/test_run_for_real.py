"""From a dry run to the job itself, in a real browser: what changed in between stays as it is."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from jobs import queueing
from jobs.models import Job
from tests.e2e.test_wizard_to_report import picture, sign_in  # noqa: F401 - a fixture
from tests.engine.places import new_place
from tests.make import make_user
from tests.servers import eventually


@pytest.fixture
def place(transactional_db, s3, s3_server, make_bucket):
    return new_place(s3, s3_server, make_bucket)


@pytest.fixture
def workers(start_worker, start_process):
    start_process("scheduler")
    for queue in ("control", "run"):
        start_worker(queue)
    eventually(lambda: queueing.workers_of("run") == queueing.workers_of("control") == 1)


def status(job):
    return Job.objects.get(pk=job.pk).status


def test_person_runs_a_dry_run_for_real_and_what_changed_since_is_left_alone(
    page,
    place,
    redis,
    workers,
    picture,  # noqa: F811
):
    user = make_user("operator", name="ana")
    keys = [f"photo-{n:02}.jpg" for n in range(12)]
    place.put_objects(keys)
    dry_run = place.make_job(place.list_of([*keys, "not there.jpg"]), dry_run=True,
                             confirmation_required=False, description="Team tags")  # fmt: skip
    Job.objects.filter(pk=dry_run.pk).update(owner=user)
    eventually(lambda: status(dry_run) == "Complete")
    place.s3.put_object(Bucket=place.source, Key=keys[3], Body=b"written meanwhile")

    sign_in(page)
    page.goto(f"/jobs/{dry_run.pk}/")
    expect(page.locator("body")).to_contain_text(
        "Looked at 13 objects: 12 would change, 1 would fail."
    )
    picture(page, "dry-run-completed")
    page.get_by_role("link", name="Run for real").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("13 objects")
    dialog.get_by_label("All tasks").check()
    dialog.get_by_role("button", name="Create job").click()
    expect(page.locator("body")).to_contain_text("Successfully created job ID")
    expect(page.locator("#job-head")).to_contain_text("Guarded by dry run")
    real = Job.objects.get(dry_run=False)
    eventually(lambda: status(real) == "Suspended")

    page.goto(f"/jobs/{real.pk}/")
    page.get_by_role("link", name="Run job").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("#sample")).to_contain_text("11 would change", timeout=30_000)
    dialog.get_by_text("before and after").click()
    expect(dialog.locator("#sample")).to_contain_text("from no tags to team=blue")
    expect(dialog).to_contain_text("Objects that changed since the dry run")
    dialog.get_by_label(re.compile("To run the job")).fill(place.source)
    dialog.get_by_role("button", name="Run job").click()
    expect(page.locator("body")).to_contain_text("Successfully received confirmation to run job")
    eventually(lambda: status(real) == "Complete")

    page.goto(f"/jobs/{real.pk}/report/?task=failed")
    main = page.get_by_role("main")
    expect(main).to_contain_text("ObjectChanged")
    expect(main).to_contain_text("size from 1 to 17 bytes")
    expect(main).to_contain_text("NoSuchKey")
    picture(page, "real-report")
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
    tagged = [
        key for key in keys if place.s3.get_object_tagging(Bucket=place.source, Key=key)["TagSet"]
    ]
    assert tagged == [key for key in keys if key != keys[3]]
    assert Job.objects.get(pk=real.pk).terminated_at <= timezone.now()
