"""What bad input for locks and restores gets on the page, at its field."""

from html import unescape

import pytest

RETENTION, RESTORE = "S3PutObjectRetention", "S3InitiateRestoreObject"


@pytest.mark.parametrize(
    ("operation", "typed", "field", "sentence"),
    [
        (
            RETENTION,
            {"mode": "GOVERNANCE", "retain_until": "2020-01-02T03:04"},
            "retain_until",
            "Retain until has passed. Enter a date in the future.",
        ),
        (
            RETENTION,
            {"mode": "GOVERNANCE", "retain_until": "tomorrow"},
            "retain_until",
            "Write Retain until as 2030-01-02T03:04. The time is UTC.",
        ),
        (
            RETENTION,
            {"mode": "remove", "bypass": "on"},
            "bypass_acknowledged",
            "Tick the box to confirm that protection may be shortened or removed.",
        ),
        (
            RESTORE,
            {"archived_in": "glacier", "days": "-3", "tier": "BULK"},
            "days",
            "Days until the copies expire must be a whole number from 1 to 36,500.",
        ),
    ],
)
def test_bad_input_gets_a_sentence_at_its_field(at_operation, operation, typed, field, sentence):
    at_operation.press("operation", "show", operation=operation)
    response = at_operation.press("operation", **typed)
    html = unescape(at_operation.html)
    assert response.status_code == 200
    assert sentence in html
    assert f'<a href="#{field}">{sentence}</a>' in html
    assert at_operation.draft.touched == ["manifest"]


def test_compliance_is_irreversible_on_review_and_governance_is_not(at_operation, bucket):
    at_operation.press("operation", "show", operation=RETENTION)
    at_operation.press("operation", mode="COMPLIANCE", retain_until="2039-01-02T03:04")
    at_operation.press("options", report_path=f"s3://{bucket}/reports")
    html = unescape(at_operation.open("review").html)
    assert "Irreversible" in html
    assert "Nobody can shorten this." in html
