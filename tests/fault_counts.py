"""What the tests of faults counted, in one line at the end of a run, also of a distributed one."""

from dataclasses import asdict
from typing import Any

import pytest

from tests.faults import Tally

NAME = "fault_tally"


def note(tally: Tally, record_property: Any) -> None:
    """To be called at the end of a test, however it ended."""
    record_property(NAME, asdict(tally))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    total, tests = Tally(), 0
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") != "teardown":
                continue
            for name, facts in report.user_properties:
                if name == NAME:
                    total.add(Tally(**facts))
                    tests += 1
    if tests:
        terminalreporter.section("faults")
        terminalreporter.line(f"{total} (in {tests} tests)")
