"""A draft keeps everything, belongs to one person, and notices a second tab."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from jobs.console.wizard import drafts
from jobs.lifecycle.clean_up import clean_up
from jobs.models import Draft
from tests.console.wizard.conftest import signed_in
from tests.make import make_user
from tests.wizard_walk import Wizard


def test_step_when_left_with_previous_keeps_right_and_wrong_values(at_options):
    response = at_options.press(
        "options", "previous", priority="soon", description="Half a thought"
    )
    assert response["Location"].endswith("/operation/")
    assert at_options.open("options").values["priority"] == "soon"
    assert at_options.values["description"] == "Half a thought"
    assert "There is a problem" not in at_options.html


def test_draft_when_signed_out_and_in_again_elsewhere_is_all_there(at_options, operator):
    at_options.press("options", "previous", description="Kept")
    at_options.client.logout()
    again = Wizard(signed_in(operator), at_options.draft)
    assert again.open("options").values["description"] == "Kept"
    assert again.open("operation").values["new_tags-0-key"] == "team"


def test_page_of_a_draft_is_never_stored(wizard):
    assert "no-store" in wizard.client.get(wizard.url("manifest"))["Cache-Control"]


def test_step_that_was_not_reached_leads_to_the_first_unfinished_one(wizard):
    response = wizard.client.get(wizard.url("review"), follow=True)
    assert response.redirect_chain == [(wizard.url("manifest"), 303)]
    assert "Finish step 1 first." in response.content.decode()


def test_step_that_was_reached_opens_directly_and_others_are_no_pages(at_options):
    at_options.open("manifest")
    at_options.open("operation")
    assert at_options.client.get(at_options.url("nonsense")).status_code == 404


def test_draft_of_somebody_else_is_not_found(wizard):
    other = signed_in(make_user("operator"))
    assert other.get(wizard.url("manifest")).status_code == 404
    assert other.post(wizard.url("manifest"), {"go": "previous"}).status_code == 404
    assert other.post(reverse("draft-delete", args=[wizard.draft.pk])).status_code == 404
    assert other.post(reverse("draft-preview", args=[wizard.draft.pk])).status_code == 404


def test_draft_for_an_admin_is_read_only(at_options):
    admin = signed_in(make_user("admin"))
    page = admin.get(at_options.url("options"))
    assert page.status_code == 200
    assert "disabled" in page.content.decode()
    assert admin.post(at_options.url("options"), {"go": "previous"}).status_code == 404


def test_viewer_cannot_begin_a_job_and_is_told_why(db):
    viewer = signed_in(make_user("viewer"))
    response = viewer.post(reverse("job-create"))
    assert response.status_code == 403
    assert "needs the Operator role" in response.content.decode()
    assert not Draft.objects.exists()


def test_second_tab_when_it_saves_over_the_first_is_stopped_and_loses_nothing(at_options):
    mine = Wizard(at_options.client, at_options.draft).open("options")
    at_options.press("options", "previous", description="From the other tab")
    response = mine.send("options", "previous", description="From this tab")
    assert response.status_code == 200
    assert "This draft changed in another tab" in mine.html
    assert mine.values["description"] == "From this tab"
    assert at_options.open("options").values["description"] == "From the other tab"


def test_second_tab_when_it_says_keep_mine_wins(at_options):
    mine = Wizard(at_options.client, at_options.draft).open("options")
    at_options.press("options", "previous", description="From the other tab")
    mine.send("options", "previous", description="From this tab")
    assert mine.send("options", "previous").status_code == 200, "still behind"
    assert mine.send("options", "keep").status_code == 303
    assert at_options.open("options").values["description"] == "From this tab"


def test_quiet_save_and_next_of_the_same_tab_do_not_disturb_each_other(at_options):
    at_options.open("options")
    stale = at_options.values | {"description": "Typed"}
    autosave = reverse("draft-autosave", args=[at_options.draft.pk, "options"])
    assert "Draft saved" in at_options.client.post(autosave, stale).content.decode()
    # Next was pressed before the answer of the quiet save came.
    response = at_options.client.post(at_options.url("options"), stale | {"go": "previous"})
    assert response.status_code == 303
    at_options.open("operation")
    # The same quiet save once more, late: it changes nothing, so the next page is not behind.
    at_options.client.post(autosave, stale)
    assert at_options.send("operation", "previous").status_code == 303


def test_quiet_save_that_comes_after_next_leaves_the_next_page_alone(at_options):
    """Its browser was slow, or the storage was that it looked at."""
    early = at_options.open("options").values | {"priority": "6"}
    at_options.send("options", "previous", priority="7")
    at_options.open("operation")
    at_options.client.post(reverse("draft-autosave", args=[at_options.draft.pk, "options"]), early)
    assert at_options.send("operation", "previous").status_code == 303
    assert at_options.open("options").values["priority"] == "7"


def test_second_press_of_one_button_is_no_other_tab(at_options):
    at_options.open("options")
    first = at_options.values | {"priority": "7", "go": "previous"}
    for _ in range(2):
        assert at_options.client.post(at_options.url("options"), first).status_code == 303


def test_review_when_another_tab_changed_a_step_is_stopped(at_review):
    mine = Wizard(at_review.client, at_review.draft).open("review")
    at_review.press("options", "previous", priority="7")
    assert mine.send("review", "next").status_code == 200
    assert "This draft changed in another tab" in mine.html


def test_quiet_save_judges_nothing_and_says_when_another_tab_was_quicker(at_options):
    autosave = reverse("draft-autosave", args=[at_options.draft.pk, "options"])
    mine = Wizard(at_options.client, at_options.draft).open("options")
    typed = mine.values | {"priority": "soon"}
    assert "Draft saved" in mine.client.post(autosave, typed).content.decode()
    assert at_options.open("options").values["priority"] == "soon"
    at_options.press("options", "previous", priority="7")
    answer = mine.client.post(autosave, typed | {"priority": "8"})
    assert "changed in another tab" in answer.content.decode()
    assert at_options.open("options").values["priority"] == "7"


def test_fragment_for_somebody_signed_out_sends_the_whole_page_to_sign_in(at_options):
    at_options.client.logout()
    url = reverse("draft-autosave", args=[at_options.draft.pk, "options"])
    response = at_options.client.post(url)
    assert response.status_code == 401
    assert response["HX-Redirect"].startswith("/sign-in/")


def test_enter_in_a_field_presses_next_and_not_the_first_button_of_a_row(at_options):
    html = at_options.open("options").html
    first = html.index('form="wizard"')
    assert 'name="go" value="next"' in html[first : first + 80]
    assert first < html.index('value="remove:tags:0"')


@pytest.mark.parametrize("go", ["remove:tags:999", "remove:tags:", "add:nonsense", "to:nonsense"])
def test_button_that_names_nothing_there_breaks_nothing(at_options, go):
    assert at_options.press("options", go).status_code in (303, 404)
    at_options.open("options")


def test_cancel_keeps_the_draft_and_says_so(at_options):
    response = at_options.press("options", "leave", description="Later")
    page = at_options.client.get(response["Location"]).content.decode()
    assert "Your draft stays under Drafts for 30 days." in page
    assert at_options.open("options").values["description"] == "Later"


def test_create_job_by_get_makes_nothing_and_offers_the_draft(wizard):
    page = wizard.client.get(reverse("job-create")).content.decode()
    assert Draft.objects.count() == 1
    assert wizard.url("manifest") in page


def test_drafts_page_lists_what_is_open_and_deletes_it(at_options):
    client, page = at_options.client, reverse("draft-list")
    html = client.get(page).content.decode()
    assert "Replace all object tags" in html
    assert "3 of 4: Configure additional options" in html
    response = client.post(reverse("draft-delete", args=[at_options.draft.pk]), follow=True)
    assert "The draft was deleted." in response.content.decode()
    assert Draft.objects.filter(pk=at_options.draft.pk).count() == 0


def test_drafts_page_asks_the_database_as_often_for_three_drafts_as_for_one(client, operator):
    counts = []
    for size in (1, 3):
        while Draft.objects.count() < size:
            drafts.new_draft(operator, now=timezone.now())
        client.get(reverse("draft-list"))
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("draft-list"))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_draft_older_than_its_lifetime_is_gone_at_the_boundary(operator):
    now = timezone.now()
    old = drafts.new_draft(operator, now=now - timedelta(days=30, seconds=1))
    kept = drafts.new_draft(operator, now=now - timedelta(days=30))
    assert list(drafts.open_drafts(operator, now=now)) == [kept]
    clean_up(now)
    assert not Draft.objects.filter(pk=old.pk).exists()
