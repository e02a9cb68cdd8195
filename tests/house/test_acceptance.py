"""docs/acceptance.md and docs/tour.md name tests and pictures that are there."""

import re

from tests.test_architecture import ROOT
from tests.tour.stops import STOPS

PAGE = ROOT / "docs" / "acceptance.md"
TOUR = ROOT / "docs" / "tour.md"
MOST_BYTES = 100 * 1024
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
PICTURE = re.compile(r"(?:\]\(|srcset=\"|src=\")(?:docs/)?(tour/[\w-]+\.webp)")


def test_every_item_names_a_test_and_each_of_these_is_there():
    items, _, _ = PAGE.read_text().partition("## Open")
    parts = re.split(r"^## (\d+)\. ", items, flags=re.MULTILINE)[1:]
    named = dict(zip(map(int, parts[::2]), map(TEST.findall, parts[1::2]), strict=True))
    assert list(named) == list(range(1, 26))
    assert [item for item, tests in named.items() if not tests] == []
    missing = [
        f"{path}::{name}"
        for tests in named.values()
        for path, name in tests
        if not (ROOT / path).is_file() or f"def {name}(" not in (ROOT / path).read_text()
    ]
    assert missing == []


def test_every_picture_of_the_tour_is_small_made_by_the_script_and_shown():
    pages = [PAGE, TOUR, ROOT / "README.md"]
    shown = {name for page in pages for name in PICTURE.findall(page.read_text())}
    there = {f"tour/{path.name}" for path in (ROOT / "docs" / "tour").iterdir()}
    assert shown == there == {f"tour/{stop.name}.webp" for stop in STOPS}
    sizes = {name: (ROOT / "docs" / name).stat().st_size for name in there}
    assert {name: size for name, size in sizes.items() if size > MOST_BYTES} == {}
