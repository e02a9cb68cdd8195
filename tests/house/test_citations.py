"""What the code cites lies in this repository, so that whoever takes over has the why."""

import re
from pathlib import Path

import pytest

from tests.test_architecture import ROOT

ROOMS = ("batchconsole", "bench", "docs", "jobs", "static", "templates", "tests")
KINDS = {".py", ".html", ".js", ".css", ".md", ".sh"}
FILES = sorted(
    path
    for path in [
        *(path for room in ROOMS for path in (ROOT / room).rglob("*")),
        *ROOT.glob("*.md"),
        *ROOT.glob("*.toml"),
        ROOT / "Makefile",
    ]
    if path.is_file()
    and (path.suffix in KINDS | {".toml"} or path.name == "Makefile")
    and path != Path(__file__)
)
CITED = re.compile(r"docs/([\w-]+\.(?:md|png))(?:, (?=[A-Z])([^\n]{1,80}))?")
OUTSIDE = re.compile(
    r"\b[Rr]eference \d|\bissue #?\d|\b(?<!docs/)(?:engine|pages|batch-operations)\.md \d"
    r"|\b(?:ux|house|stack|user-needs)\.md|\bshared/(?:design|reference)"
)


def text_of(path: Path) -> str:
    """With each comment or docstring in one line, since a citation may run over its end."""
    return re.sub(r"\s*\n\s*(?:# |// )?", " ", path.read_text())


def headings_of(document: str) -> list[str]:
    text = (ROOT / "docs" / document).read_text()
    return re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)


def leads_nowhere(document: str, then: str) -> bool:
    """`then` is what follows the comma after the document's name, empty when nothing does."""
    if not (ROOT / "docs" / document).is_file():
        return True
    return bool(then) and not any(then.startswith(title) for title in headings_of(document))


def test_every_citation_leads_to_a_document_and_to_a_heading_of_it():
    dead = [
        f"{path.relative_to(ROOT)}: {found.group(0)}"
        for path in FILES
        for found in CITED.finditer(text_of(path))
        if leads_nowhere(found.group(1), found.group(2) or "")
    ]
    assert dead == []


def test_nothing_outside_the_repository_is_cited():
    outside = [
        f"{path.relative_to(ROOT)}: {found.group(0)}"
        for path in FILES
        for found in OUTSIDE.finditer(text_of(path))
    ]
    assert outside == []


@pytest.mark.parametrize(
    ("text", "dead"),
    [
        ("docs/batch-operations.md, Statuses), and nothing else", False),
        ("docs/batch-operations.md)", False),
        ("docs/batch-operations.md, No such heading", True),
        ("docs/nothing.md", True),
    ],
)
def test_a_citation_that_leads_nowhere_is_found(text, dead):
    found = CITED.match(text)
    assert found is not None
    assert leads_nowhere(found.group(1), found.group(2) or "") is dead
