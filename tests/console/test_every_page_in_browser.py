"""Every page of ours in a browser: what axe finds, what is wider than the screen, what the browser says.

One walk over all routes that answer with a page, so that a new page is looked at without a line here.
"""

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from jobs.access import first_run, password_links
from jobs.choices import JobStatus
from jobs.console import context as shown_context
from jobs.console.views import overview
from jobs.models import Draft, Job, PasswordLink
from tests.console.ended import Ended
from tests.console.every_url import make_world, routes
from tests.console.people.codes import with_second_factor
from tests.make import PASSWORD, make_failures, make_job, make_region, make_role, make_user
from tests.wizard_walk import Wizard

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
BY_LOOKS = ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"]
"""Rules whose answer depends on colours and widths; the others look at the same page once."""
NOT_OURS = ("_/", "admin/", "static/", "v20180820/")
"""Fragments, which stand in pages; Django's own pages; what is no page."""

LOOK = """async ([rules, narrow]) => {
  const found = (await axe.run(document, {runOnly: rules, resultTypes: ["violations"]}))
    .violations.flatMap(v => v.nodes.map(node => `${v.id}: ${node.html.slice(0, 160)}`));
  const root = document.documentElement;
  if (root.scrollWidth > innerWidth) found.push(`${root.scrollWidth} px wide on ${innerWidth}`);
  if (!narrow)
    for (const box of document.querySelectorAll("main *")) {
      const style = getComputedStyle(box);
      if (box.scrollWidth > box.clientWidth + 1 && /auto|scroll/.test(style.overflowX)
          && box.tagName !== "TEXTAREA")
        found.push(`cut: ${box.tagName}.${box.className} ${box.scrollWidth} > ${box.clientWidth}`);
    }
  return found;
}"""


class Walk:
    """Opens pages as somebody, and keeps what is wrong with them; `found` has a line for each fault."""

    def __init__(self, open_page, live_server):
        self.found, self._said = [], []
        self._page = open_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
        self._page.context.add_init_script(AXE_SCRIPT)
        self._page.on("console", lambda message: self._said.append(message))
        self._origin = live_server.url

    def sign_in(self, user):
        """None is a stranger."""
        self._page.context.clear_cookies()
        if user:
            client = Client()
            client.force_login(user)
            cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
            self._page.context.add_cookies([cookie | {"url": self._origin}])

    def open(self, url):
        """The page, ready to be looked at."""
        self._said.clear()
        self._page.goto(url)
        return self._page

    def look(self, name):
        """At what is open: light and wide, then dark and narrow. `name` says what it is."""
        said = [one.text for one in self._said if one.type in ("error", "warning")]
        # The browser's own word about an answer that is meant.
        faults = [text for text in said if "Failed to load resource" not in text]
        page = self._page
        for width, scheme in ((1280, "light"), (320, "dark")):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            rules = STANDARDS if width == 1280 else {"type": "rule", "values": BY_LOOKS}
            found = page.evaluate(LOOK, [rules, width == 320])
            faults += [f"{scheme}, {width}: {text}" for text in found]
        page.set_viewport_size({"width": 1280, "height": 900})
        page.emulate_media(color_scheme="light")
        self.found += [f"{name}: {fault}" for fault in dict.fromkeys(faults)]

    def visit(self, url):
        self.open(url)
        self.look(url)


@pytest.fixture
def walk(transactional_db, open_page, live_server, console_errors):
    walk = Walk(open_page, live_server)
    yield walk
    console_errors.clear()  # the walk tells them, with their page
    assert walk.found == []


def is_page(answer: HttpResponse) -> bool:
    if answer.streaming:
        b"".join(answer.streaming_content)  # to its end, where its slot is free again
        return False
    is_html = answer.get("Content-Type", "").startswith("text/html")
    return answer.status_code == 200 and is_html and b"<html" in answer.content


def pages_of(user, urls):
    """Those of `urls` that answer this user with a page."""
    client = Client()
    if user:
        client.force_login(user)
    return [url for url in urls if is_page(client.get(url))]


def test_every_page_is_accessible_fits_the_screen_and_is_silent(walk):
    world = make_world()
    left = {world.url(route) for route in routes() if not route.startswith(NOT_OURS)}
    seen = 0
    for role in ("administrator", "operator", "anonymous"):
        user = world.users.get(role)
        urls = pages_of(user, sorted(left))
        left -= set(urls)
        walk.sign_in(user)
        for url in urls:
            walk.visit(url)
        seen += len(urls)
    assert seen >= 60


def test_every_step_of_the_wizard_is_accessible_and_fits_the_screen(walk, s3, s3_server, bucket):
    user, region = make_user("operator"), make_region("store", endpoint_url=s3_server)
    make_role(region)
    s3.put_object(Bucket=bucket, Key="list.csv", Body=f"{bucket},{'long-key/' * 30}\n".encode())
    client = Client()
    client.force_login(user)
    client.post(reverse("job-create"))
    wizard, walked = Wizard(client, Draft.objects.get()), []
    typed = {
        "manifest": {"region": "store", "manifest_object": f"s3://{bucket}/list.csv"},
        "operation": {"new_tags-0-key": "team", "new_tags-0-value": "red"},
        "options": {"report_path": f"s3://{bucket}/reports"},
        "review": {},
    }
    walk.sign_in(user)
    for step, values in typed.items():
        walk.visit(wizard.url(step))
        if step == "operation":
            wizard.press(step, "show", operation="S3PutObjectTagging")
        walked.append(step)
        if step != "review":
            assert wizard.press(step, **values).status_code == 303, wizard.html
            walk.visit(wizard.url(step))
    assert walked == list(typed)


def test_every_status_and_dialog_of_a_job_is_accessible_and_fits_the_screen(walk):
    walk.sign_in(make_user("operator"))
    for status in JobStatus.values:
        job = make_job(status, failed=3, description=f"{status} {'long-word-' * 12}", actor=None)
        make_failures(job, "AccessDenied", 403, tasks=2)
        make_failures(job, "NoSuchKey", 404, tasks=1)
        walk.visit(reverse("job-detail", args=[job.pk]))
    job = make_job("Suspended")
    for link in ("#run", "#cancel"):
        page = walk.open(reverse("job-detail", args=[job.pk]))
        page.locator(link).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        walk.look(f"dialog {link}")
    walk.visit("/jobs/")


def test_pages_of_an_installation_without_a_job_and_those_of_errors_are_accessible(
    walk, monkeypatch
):
    admin, viewer = make_user("admin"), make_user("viewer")
    walk.sign_in(admin)
    for name in ("overview", "job-list", "draft-list", "report-list", "audit-list", "region-list"):
        walk.visit(reverse(name))
    walk.visit("/nowhere/")
    job = make_job("Suspended")
    page = walk.open(reverse("job-run", args=[job.pk]))
    page.get_by_label("type the name of the bucket: photos").fill("photos")
    Job.objects.filter(pk=job.pk).update(status="Active")
    page.get_by_role("button", name="Run job").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("changed")
    walk.look("409")
    monkeypatch.setattr(overview, "query_overview", lambda *_: 1 / 0)
    shown_context.banner_cache.forget()
    walk.visit("/")
    walk.sign_in(viewer)
    walk.visit(reverse("region-list"))
    walk.sign_in(None)
    walk.visit("/nowhere/")
    page = walk.open("/sign-in/")
    page.get_by_label("Email").fill(viewer.email)
    page.get_by_label("Password", exact=True).fill("wrong")
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(page.locator(".error-summary")).to_be_visible()
    walk.look("sign-in, wrong password")


def test_pages_of_signing_in_and_of_two_factor_are_accessible(walk, settings):
    settings.EMAIL_HOST, user = "mail.example.org", make_user("viewer")
    walk.visit(reverse("first-run", args=[first_run.issue()]))
    walk.visit(reverse("password-forgotten"))
    link = password_links.issue(user, PasswordLink.Purpose.RESET, timezone.now())
    walk.visit(reverse("password-link", args=[link]))
    walk.visit(reverse("password-link", args=["a" * 43]))
    walk.sign_in(user)
    walk.visit(reverse("account-two-factor"))
    with_second_factor(user)
    for name in ("account-two-factor", "account-recovery-codes", "account-two-factor-off"):
        walk.visit(reverse(name))
    walk.sign_in(None)
    page = walk.open("/sign-in/")
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/sign-in/code/**")
    walk.look("/sign-in/code/")


def test_report_of_long_keys_and_its_searches_are_accessible(walk, s3, s3_server, bucket):
    s3.create_bucket(Bucket="photos")
    rows = [(f"{'deep/' * 40}picture-{n}.jpg", "AccessDenied") for n in range(30)]
    job = Ended(s3, s3_server, bucket).make([*rows, ("gone.jpg", "NoSuchKey")])
    walk.sign_in(make_user("operator"))
    report = reverse("job-report", args=[job.pk])
    walk.visit(report)
    page = walk.open(f"{report}?q=gone")
    expect(page.get_by_role("main")).to_contain_text("gone.jpg")
    walk.look("search in a report")
    walk.visit(f"{report}?q=nothing-like-this")
    walk.visit(reverse("job-failures", args=[job.pk]))
