"""What the tags of `{% load console %}` make of jobs, forms and addresses."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.template import engines
from django.test import RequestFactory
from django.urls import path
from django.utils import timezone

from jobs.choices import JobStatus, Risk
from jobs.models import Job
from jobs.templatetags import statuses, tones
from jobs.templatetags.tones import TONES


def nothing(request):
    raise AssertionError("only the addresses are used")


urlpatterns = [
    path("", nothing, name="overview"),
    path("jobs/", nothing, name="job-list"),
    path("jobs/<str:job_id>/", nothing, name="job-detail"),
]


def render(source, address="/", **values):
    request = RequestFactory().get(address)
    request.COOKIES = values.pop("cookies", {})
    template = engines["django"].from_string("{% load console %}" + source)
    return template.render(values, request)


def words_of(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def job_with(status=JobStatus.ACTIVE, succeeded=0, failed=0, total=None):
    return Job(status=status, tasks_succeeded=succeeded, tasks_failed=failed, total_tasks=total)


@pytest.mark.parametrize(
    ("job", "tone", "icon", "words"),
    [
        (job_with("Complete", 12, 0, 12), "ok", "check", "Completed"),
        (
            job_with("Complete", 10_000, 1_042, 11_042),
            "warn",
            "triangle",
            "Completed, 1,042 failed",
        ),
        (job_with("Complete", 0, 12, 12), "err", "cross", "Completed, all failed"),
        (job_with("Suspended", 0, 0, 12), "warn", "triangle", "Awaiting confirmation to run"),
        (job_with("Failed", 3, 9, 12), "err", "stop", "Failed"),
        (job_with("Active", 3, 9, 12), "info", "ring", "Active"),
    ],
)
def test_a_status_is_green_only_when_nothing_failed(job, tone, icon, words):
    html = render("{% status job %}", job=job)
    assert f'class="st {tone}"' in html
    assert f"#i-{icon}" in html
    assert words_of(html) == words


def test_no_two_statuses_look_alike():
    looks = [statuses.look_of(status) for status in JobStatus]
    assert len({look.label for look in looks}) == 13
    assert set(statuses.LOOKS) == set(JobStatus)


def test_every_icon_that_a_status_or_a_message_uses_is_in_the_sprite():
    sprite = (settings.BASE_DIR / "templates/console/_sprite.html").read_text()
    used = {look.icon for look in statuses.LOOKS.values()} | {"triangle", "cross"}
    used |= {tone.icon for tone in TONES.values()}
    assert {name for name in used if f'id="i-{name}"' not in sprite} == set()


def test_a_progress_bar_says_its_numbers_in_a_sentence():
    html = render("{% progress_bar job %}", job=job_with("Active", 7_301, 42, 12_000))
    sentence = "61.1% complete: 7,301 succeeded, 42 failed, 4,657 remaining of 12,000"
    assert f'aria-label="{sentence}"' in html
    assert 'class="ok" width="60.' in html
    assert 'fill="url(#hatch)"' in html
    assert "style=" not in html


def test_the_legend_leaves_out_what_remains_when_nothing_does():
    assert "remaining" not in render("{% legend job %}", job=job_with("Complete", 5, 1, 6))


@pytest.mark.parametrize(
    ("risk", "tone"),
    [
        (Risk.SAFE, "ok"),
        (Risk.COST, "warn"),
        (Risk.CAUTION, "warn"),
        (Risk.DESTRUCTIVE, "err"),
        (Risk.IRREVERSIBLE, "err"),
    ],
)
def test_risk_is_red_where_something_is_lost_and_green_where_nothing_is(risk, tone):
    assert (
        render("{% with tone=risk|tone_of_risk %}{{ tone.name }}{% endwith %}", risk=risk) == tone
    )
    assert set(tones.RISKS) == set(Risk)


def test_a_percentage_can_be_kept_in_a_variable():
    assert render("{% percent 1 3 as share %}[{{ share }}]") == "[33.3%]"


def test_a_moment_carries_its_machine_readable_form():
    when = datetime(2026, 11, 21, 10, 3, 11, tzinfo=UTC)
    html = render("{% time when %}", when=when)
    assert html == (
        '<time datetime="2026-11-21T10:03:11+00:00" title="21 November 2026, 10:03:11 UTC">'
        "21 November 2026, 10:03:11 UTC</time>"
    )
    assert render("{% time none %}{% ago none %}", none=None) == "--"


def test_ago_counts_from_now():
    html = render("{% ago when %}", when=timezone.now() - timedelta(minutes=4, seconds=5))
    assert words_of(html) == "4 minutes ago"


def test_what_is_empty_is_a_dash_but_zero_is_not():
    assert render("{{ a|dash }} {{ b|dash }} {{ c|dash }}", a=None, b="", c=0) == "- - 0"


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(
    ("address", "current"),
    [
        ("/jobs/", 'aria-current="page"'),
        ("/jobs/7f3c/", 'aria-current="true"'),
        ("/", None),
    ],
)
def test_the_navigation_marks_where_one_is(address, current):
    html = render('{% nav_item "Jobs" "job-list" %}', address)
    assert (current in html) if current else ("aria-current" not in html)


@pytest.mark.urls(__name__)
def test_the_navigation_leaves_out_pages_that_do_not_exist():
    assert render('{% nav_item "Reports" "no-such-page" %}').strip() == ""


@pytest.mark.urls(__name__)
def test_breadcrumbs_link_all_but_the_last_and_escape_what_people_typed():
    source = '{% crumbs %}{% crumb "Jobs" "job-list" %}{% crumb "7f" "job-detail" "7f" %}'
    html = render(source + "{% crumb name %}{% endcrumbs %}", name="<b>")
    assert '<li><a href="/jobs/">Jobs</a></li><li><a href="/jobs/7f/">7f</a></li>' in html
    assert "<li>&lt;b&gt;</li></ol>" in html


def test_a_sort_link_turns_the_order_round_and_keeps_the_filters():
    source = '{% sort_header "Created" "created" default="-created" %}'
    first = render(source, "/?status=Failed&page=3")
    assert 'aria-sort="descending"' in first
    assert 'href="?status=Failed&amp;sort=created"' in first
    other = render(source, "/?sort=priority")
    assert "aria-sort" not in other
    assert 'href="?sort=-created"' in other


def test_pagination_keeps_the_filters_and_says_where_one_is():
    page = Paginator(range(128), 25).page(2)
    html = render("{% pagination page %}", "/?status=Failed&page=2", page=page)
    assert 'href="?status=Failed&amp;page=3"' in html
    assert re.search(r'aria-current="page"[^>]*><span class="vh">Page </span>2<', html)
    assert "26 to 50 of 128" in html


def test_a_single_page_needs_no_pagination():
    assert render("{% pagination page %}", page=Paginator(range(3), 25).page(1)).strip() == ""


class Settings(forms.Form):
    priority = forms.IntegerField(help_text="Higher numbers run first.")
    description = forms.CharField(required=False)
    scope = forms.ChoiceField(choices=[("a", "All")], widget=forms.RadioSelect)


def test_a_field_has_label_hint_error_and_control_in_this_order_and_wired():
    html = render("{% field form.priority %}", form=Settings({"priority": "<x>"}))
    places = [html.index(part) for part in ("<label", "Higher", 'class="error"', "<input")]
    assert places == sorted(places)
    assert 'aria-describedby="id_priority_helptext id_priority_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'value="&lt;x&gt;"' in html


def test_only_optional_fields_are_marked():
    form = Settings()
    assert "- optional" in render("{% field form.description %}", form=form)
    assert "- optional" not in render("{% field form.priority %}", form=form)


def test_unit_stands_behind_its_control_and_is_read_with_the_label():
    html = render("{% field form.priority unit='days' %}", form=Settings())
    assert "days</span></div>" in html
    assert 'Priority<span\n  class="vh">, in days</span>' in html


def test_a_character_count_knows_its_control():
    html = render("{% field form.description most=256 %}", form=Settings())
    assert 'data-count="id_description_count"' in html
    assert 'id="id_description_count" data-most="256"' in html


def test_the_error_summary_links_each_sentence_to_a_control_that_exists():
    form = Settings({"priority": "x", "scope": "z"})
    summary = render(
        "{% error_summary form extra %}", form=form, extra=[("tags-0-key", "Enter a key")]
    )
    page = render("{% for f in form %}{% field f %}{% endfor %}", form=form)
    targets = re.findall(r'href="#([^"]+)"', summary)
    assert targets[-1] == "tags-0-key"
    assert len(targets) == 3
    assert all(f'id="{target}"' in page for target in targets[:2])


def test_without_problems_there_is_no_error_summary():
    assert render("{% error_summary form none %}", form=Settings(), none=None).strip() == ""


def test_an_action_that_is_off_stays_and_says_why():
    html = render('{% action "Retry" "/retry/" "retry" reason="No failed objects" %}')
    assert 'aria-disabled="true"' in html
    assert "No failed objects" in html
    assert "/retry/" not in html


def test_alerts_escape_their_sentence_and_say_their_kind_in_words():
    html = render('{% note "warn" text %}', text="<script>")
    assert words_of(html) == "Warning: &lt;script&gt;"
    assert "<p>as it <b>is</b></p>" in render(
        '{% alert "err" %}<p>as it <b>is</b></p>{% endalert %}'
    )


@pytest.mark.parametrize(
    ("cookie", "attribute"),
    [("dark", ' data-theme="dark"'), ('"><script>', ""), ("system", ""), ("", "")],
)
def test_only_a_known_theme_reaches_the_page(cookie, attribute):
    assert render("{% tastes %}", cookies={"theme": cookie}) == attribute


def test_templates_and_scripts_keep_to_the_content_policy():
    """No inline style, no inline script, no handler attributes: the browser would refuse them."""
    forbidden = re.compile(
        r"""\sstyle=|<style|<script(?![^>]*\ssrc=)|\son[a-z]+=["']|javascript:"""
    )
    pages = list(Path(settings.BASE_DIR, "templates").rglob("*.html"))
    assert len(pages) > 20
    assert [str(file) for file in pages if forbidden.search(file.read_text())] == []


def test_scripts_are_few_and_stay_small():
    """One for every page, and one for what no page can do without a script: uploads by slices."""
    scripts = sorted(Path(settings.BASE_DIR, "static/js").iterdir())
    assert [script.name for script in scripts] == ["app.js", "upload.js"]
    for script in scripts:
        lines = script.read_text().splitlines()
        assert len(lines) <= 200
        assert max(map(len, lines)) <= 100
        assert "eval(" not in script.read_text()
