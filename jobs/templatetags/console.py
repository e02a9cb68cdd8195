"""Template tags of the console: `{% load console %}`. Only looks; nothing here decides."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.core.paginator import Page
from django.forms import BaseForm, BoundField, CheckboxInput
from django.template import Context
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from jobs.manifests.fixes import FIXES, Fix
from jobs.manifests.problems import ProblemKind
from jobs.models import Job
from jobs.queries import words
from jobs.templatetags import formatting, shapes, statuses, tones

register = template.Library()
Values = dict[str, Any]

register.filter("number", formatting.number)
register.filter("size", formatting.size)
register.filter("rate", formatting.rate)
register.filter("duration", formatting.duration)
register.simple_tag(formatting.percent, name="percent")
register.simple_tag(formatting.share, name="share")


@register.filter
def dash(value: object) -> object:
    """What is empty is shown as "-"; zero is not empty."""
    return formatting.EMPTY if value is None or value == "" else value


@register.filter
def fix_of(problem_id: str) -> Fix | None:
    """What mends a problem of a manifest by writing a new one."""
    known = problem_id in ProblemKind.values
    return FIXES.get(ProblemKind(problem_id)) if known else None


@register.filter
def short_id(value: str) -> str:
    return str(value)[:8]


# Icons, statuses, tones


@register.simple_tag
def icon(name: str, classes: str = "") -> SafeString:
    return format_html(
        '<svg class="i i-{} {}" aria-hidden="true"><use href="#i-{}"/></svg>', name, classes, name
    )


@register.inclusion_tag("console/_status.html", takes_context=True)
def status(context: Context, job: Job, id: str = "") -> Values:
    look = statuses.look_of(job.status, job.tasks_failed, job.total_tasks, asks=job.asks)
    mine = bool(context.get("can_create_jobs"))
    return {"label": words.status(look.label, mine=mine), "look": look, "id": id}


@register.filter
def meaning(name: str) -> str:
    return statuses.look_of(name).meaning


register.filter("tone", tones.tone_of_level)
register.filter("tone_of_risk", tones.tone_of_risk)


@register.inclusion_tag("console/_alert.html")
def note(tone: str, text: str, title: str = "", url: str = "", link: str = "") -> Values:
    """An alert that is one sentence, perhaps with one link; `tone` is info, ok, warn or err."""
    values = {"tone": tones.TONES[tone], "content": format_html("<p>{}</p>", text)}
    return {**values, "title": title, "url": url, "link": link}


@register.simple_block_tag
def alert(content: str, tone: str, title: str = "", id: str = "") -> str:
    """An alert around markup of the page: `{% alert "warn" title="…" %}<p>…</p>{% endalert %}`."""
    values = {"tone": tones.TONES[tone], "content": content, "title": title, "id": id}
    return render_to_string("console/_alert.html", values)


# Moments, in the reader's time zone; UTC is the tooltip


def _time_tag(value: datetime, text: str, title: str = "") -> SafeString:
    title = title or formatting.utc(value)
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), title, text)


@register.simple_tag
def time(value: datetime | None, short: bool = False) -> str:
    if value is None:
        return formatting.EMPTY
    return _time_tag(value, (formatting.stamp if short else formatting.moment)(value))


@register.simple_tag
def clock(value: datetime) -> str:
    """A moment of today, such as the last update of a page."""
    return _time_tag(value, formatting.clock(value))


@register.simple_tag
def ago(value: datetime | None) -> str:
    """A moment relative to now, past or to come; the exact one is the tooltip."""
    if value is None:
        return formatting.EMPTY
    exact, utc = formatting.moment(value), formatting.utc(value)
    title = exact if exact == utc else f"{exact} ({utc})"
    return _time_tag(value, formatting.relative(value, timezone.now()), title)


@register.simple_tag
def time_left(seconds: float | timedelta | None) -> str:
    if isinstance(seconds, timedelta):
        seconds = seconds.total_seconds()
    return formatting.time_left(seconds, timezone.now())


# Charts


@register.inclusion_tag("console/_progress.html")
def progress_bar(job: Job, mini: bool = False) -> Values:
    done, total = job.tasks_done, job.total_tasks or 0
    sentence = (
        f"{formatting.percent(done, total)} complete: {job.tasks_succeeded:,} succeeded, "
        f"{job.tasks_failed:,} failed, {max(0, total - done):,} remaining of {total:,}"
    )
    bar = shapes.bar_of(job.tasks_succeeded, job.tasks_failed, total)
    return {"bar": bar, "sentence": sentence, "mini": mini}


@register.inclusion_tag("console/_legend.html")
def legend(job: Job) -> Values:
    remaining = max(0, (job.total_tasks or 0) - job.tasks_done)
    return {
        "succeeded": job.tasks_succeeded,
        "failed": job.tasks_failed,
        "succeeded_label": "would not fail" if job.dry_run else "succeeded",
        "failed_label": "would fail" if job.dry_run else "failed",
        "remaining": remaining,
    }


@register.inclusion_tag("console/_share_bar.html")
def share_bar(part: int, whole: int, *, failed: bool = True) -> Values:
    """Of failures, unless `failed` is false."""
    return {"width": shapes.share_width(part, whole), "failed": failed}


@register.inclusion_tag("console/_throughput.html")
def throughput(rates: Sequence[float | None], highest: float) -> Values:
    """Rates per second in the order of time; None where nothing ran."""
    known = [rate for rate in rates if rate is not None]
    sentence = "No objects finished yet"
    if known:
        low, high, last = (formatting.rate(rate) for rate in (min(known), highest, known[-1]))
        sentence = f"Objects per second: lowest {low}, highest {high}, last {last}"
    return {"runs": shapes.runs_of(rates), "sentence": sentence}


# Frame


TASTES = {
    "theme": ("Theme", {"system": "System", "light": "Light", "dark": "Dark"}),
    "density": ("Density", {"comfortable": "Comfortable", "compact": "Compact"}),
}
"""What a browser remembers in a cookie; the first value of each is what nobody chose."""


@register.simple_tag(takes_context=True)
def tastes(context: Context) -> str:
    """The attributes on <html> for what was chosen, such as `data-theme="dark"`."""
    chosen = ((name, _chosen(context, name)) for name in TASTES)
    return format_html_join("", ' data-{}="{}"', (pair for pair in chosen if pair[1]))


def _chosen(context: Context, name: str) -> str:
    request = context.get("request")
    chosen = request.COOKIES.get(name, "") if request else ""
    return chosen if chosen in list(TASTES[name][1])[1:] else ""


@register.simple_tag(takes_context=True)
def taste_choices(context: Context) -> list[tuple[str, str, dict[str, str], str]]:
    """Name, label, values with their labels, and the chosen value."""
    return [(name, label, all_, _chosen(context, name)) for name, (label, all_) in TASTES.items()]


@register.inclusion_tag("console/_nav_item.html", takes_context=True)
def nav_item(context: Context, label: str, name: str, count: int | None = None) -> Values:
    """A link of the navigation; nothing when no page has that name."""
    try:
        href = reverse(name)
    except NoReverseMatch:
        return {}
    path = context["request"].path if "request" in context else ""
    inside = href != "/" and path.startswith(href)
    current = "page" if path == href else "true" if inside else ""
    return {"href": href, "label": label, "count": count, "current": current}


@register.simple_block_tag
def crumbs(content: str) -> SafeString:
    """`{% crumbs %}{% crumb "Jobs" "job-list" %}{% crumb job.short_id %}{% endcrumbs %}`."""
    return format_html('<nav class="crumbs" aria-label="Breadcrumbs"><ol>{}</ol></nav>', content)


@register.simple_tag
def crumb(label: object, name: str = "", *arguments: object) -> str:
    """One step, a link when the page has a URL name; the last one is plain text."""
    if not name:
        return format_html("<li>{}</li>", label)
    return format_html('<li><a href="{}">{}</a></li>', reverse(name, args=arguments), label)


@register.inclusion_tag("console/_pagination.html", takes_context=True)
def pagination(context: Context, page: Page[Any]) -> Values:
    """Links to the pages of a list; every other parameter of the address stays."""
    paginator = page.paginator
    numbers = paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    values = {"page": page, "numbers": list(numbers), "gap": paginator.ELLIPSIS, "counted": True}
    return {**values, "request": context["request"]}


@register.inclusion_tag("console/_sort_header.html", takes_context=True)
def sort_header(
    context: Context, label: str, key: str, default: str = "", kind: str = ""
) -> Values:
    """A `<th>` that sorts by `key`: first descending for `-key` lists, a second time the other way."""
    request = context["request"]
    sort = request.GET.get("sort") or default
    state = {key: "ascending", f"-{key}": "descending"}.get(sort, "none")
    target = key if sort == f"-{key}" else f"-{key}"
    return {"label": label, "key": key, "state": state, "target": target, "kind": kind} | {
        "request": request
    }


# Forms and buttons


@register.inclusion_tag("console/_field.html")
def field(
    field: BoundField,
    most: int = 0,
    browse_url: str = "",
    browse: str = "Browse",
    unit: str = "",
) -> Values:
    """Label, hint, error, control. `most` counts characters, `browse_url` adds a link button, `unit`
    is a word behind a number.
    """
    attrs: dict[str, str | bool] = {"data-count": f"{field.auto_id}_count"} if most else {}
    return {
        "field": field,
        "control": field.as_widget(attrs=attrs),
        "box": isinstance(field.field.widget, CheckboxInput),
        "most": most,
        "browse_url": browse_url,
        "browse": browse,
        "unit": unit,
    }


@register.inclusion_tag("console/_error_summary.html")
def error_summary(*sources: BaseForm | Iterable[tuple[str, str]] | None) -> Values:
    """What is wrong, each line a link: forms, or pairs of (id of the control, sentence)."""
    return {"problems": [problem for source in sources if source for problem in _problems(source)]}


def _problems(source: BaseForm | Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    if not isinstance(source, BaseForm):
        return list(source)
    found = [("", str(text)) for text in source.non_field_errors()]
    for bound in source:
        target = bound.id_for_label or f"{bound.auto_id}_group"
        found += [(target, str(text)) for text in bound.errors]
    return found


@register.inclusion_tag("console/_action.html", takes_context=True)
def action(context: Context, label: str, url: str, id: str, **options: str | bool) -> Values:
    """A button: `kind` (primary, danger, link), `post`, `dialog`, or `reason` why it is off."""
    token = context.get("csrf_token")
    return {"kind": "", **options, "label": label, "url": url, "id": id, "csrf_token": token}
