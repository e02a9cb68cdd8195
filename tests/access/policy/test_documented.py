"""docs/access.md has every word of the language, and its examples are policies."""

import re

import pytest

from jobs.access.actions import Action
from jobs.access.policy.keys import KEYS
from jobs.access.policy.operators import OPERATORS
from jobs.access.policy.parsing import parse_text
from jobs.access.policy.ready_made import DOCUMENTS
from tests.test_architecture import ROOT

TEXT = (ROOT / "docs" / "access.md").read_text()
EXAMPLES = re.findall(r"```json\n(.*?)```", TEXT, flags=re.DOTALL)


@pytest.mark.parametrize("word", [*Action.values, *(key.name for key in KEYS), *OPERATORS])
def test_word_is_documented(word):
    assert f"`{word}<key>`" in TEXT if word.endswith("/") else f"`{word}`" in TEXT


@pytest.mark.parametrize("role", DOCUMENTS)
def test_ready_made_role_is_documented(role):
    assert re.search(rf"^\| {role} \|", TEXT, flags=re.MULTILINE)


@pytest.mark.parametrize("example", EXAMPLES)
def test_example_is_a_policy_without_problems(example):
    assert parse_text(example).statements


def test_there_are_examples():
    assert len(EXAMPLES) >= 3
