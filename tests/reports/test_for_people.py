import pytest

from jobs.reports.for_people import defused


@pytest.mark.parametrize("first", list("=+-@\t\r\n"))
def test_every_field_that_begins_like_a_formula_gets_an_apostrophe(first):
    fields = (f"{first}a", f"a{first}", "", "a")
    assert defused(fields) == (f"'{first}a", f"a{first}", "", "a")


def test_message_of_a_storage_is_defused_as_a_key_is():
    assert defused(("photos", "a", "=cmd|' /C calc'!A0")) == ("photos", "a", "'=cmd|' /C calc'!A0")
