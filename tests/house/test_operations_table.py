from jobs.operations import registry
from tests.house.operations_table import BEGIN, PAGE, written


def test_table_of_operations_is_that_of_the_registry():
    page = PAGE.read_text()
    assert page.count(BEGIN) == 1
    assert page == written(page), "python -m tests.house.operations_table writes it anew"


def test_every_operation_has_a_section_of_its_own():
    heads = {line.removeprefix("## ") for line in PAGE.read_text().splitlines()}
    assert {operation.name for operation in registry.OPERATIONS} <= heads
