"""Where a report's objects lie (docs/batch-operations.md, Where a report lies)."""

import re

from jobs.reports.layout import manifest_key, result_key


def test_report_lies_below_the_prefix_and_the_job():
    assert manifest_key("final/reports", "7b1f") == "final/reports/job-7b1f/manifest.json"
    assert manifest_key("", "7b1f") == "job-7b1f/manifest.json"


def test_result_files_are_named_by_40_hex_digits_that_never_change():
    key = result_key("r", "7b1f", "failed", 0)
    assert re.fullmatch(r"r/job-7b1f/results/[0-9a-f]{40}\.csv", key)
    assert key == result_key("r", "7b1f", "failed", 0)


def test_every_file_of_a_job_has_its_own_name():
    keys = {
        result_key("r", job, status, index)
        for job in ("1", "2")
        for status in ("succeeded", "failed")
        for index in range(3)
    }
    assert len(keys) == 12
