"""What Object Lock retention asks for, and examples of its parameters."""

from collections.abc import Mapping
from typing import Any

from jobs.operations.fields import ChoiceField, MomentField, NumberField, Option, SwitchField
from jobs.operations.form import Form, Item, Note, When

GOVERNANCE, COMPLIANCE = "GOVERNANCE", "COMPLIANCE"
MODE_LABELS = {GOVERNANCE: "Governance", COMPLIANCE: "Compliance"}
ON, OFF = "ON", "OFF"
MOST_DAYS, MOST_YEARS = 36_500, 100
REMOVE, HOLD_ON, HOLD_OFF, DAYS, YEARS = "remove", "hold-on", "hold-off", "days", "years"
BYPASS = "BypassGovernanceRetention"

_MODE = ChoiceField(
    name="mode",
    label="Retention mode",
    path="Retention.Mode",
    options=(
        Option(GOVERNANCE, "Governance: only who may bypass it can delete or shorten"),
        Option(COMPLIANCE, "Compliance: nobody can delete or shorten, whoever they are"),
        Option(REMOVE, "Remove the retention", sets={"Retention": {}}),
        Option(HOLD_ON, "Nothing but an event hold, on", sets={"Retention": {"EventHold": ON}}),
        Option(HOLD_OFF, "Nothing but an event hold, off", sets={"Retention": {"EventHold": OFF}}),
    ),
    initial=GOVERNANCE,
    choose="Choose a retention mode.",
    is_radio=True,
)
_UNTIL = MomentField(
    name="retain_until",
    label="Retain until",
    path="Retention.RetainUntilDate",
    help_text="Date and time in UTC. Until then the versions cannot be deleted.",
)
_EVENT_HOLD = ChoiceField(
    name="event_hold",
    label="Event hold",
    path="Retention.EventHold",
    help_text="Protects until it is switched off, whatever the date. Few storages have it.",
    options=(Option("", "Not specified"), Option(ON, "On"), Option(OFF, "Off")),
)
_SPAN = ChoiceField(
    name="hold_span",
    label="Protected after the event hold",
    options=(
        Option("", "Not specified"),
        Option(DAYS, "For days", where="Retention.EventHoldDuration.Days"),
        Option(YEARS, "For years", where="Retention.EventHoldDuration.Years"),
    ),
)
_BYPASS = SwitchField(
    name="bypass",
    label="Bypass governance retention",
    path=BYPASS,
    help_text="Retention in governance mode is shortened or removed only with this. The IAM role needs"
    " s3:BypassGovernanceRetention.",
)

_SPANS: tuple[Item, ...] = tuple(
    When(
        _SPAN.name,
        (span,),
        (
            NumberField(
                name=f"hold_{span}",
                label=label,
                path=f"Retention.EventHoldDuration.{label}",
                low=1,
                high=most,
                unit=span,
                enter=f"Enter a number of {span}.",
            ),
        ),
    )
    for span, label, most in ((DAYS, "Days", MOST_DAYS), (YEARS, "Years", MOST_YEARS))
)
_NO_RETURN = Note(
    "Nobody can shorten or remove compliance retention, not even an administrator of the storage. It"
    " can only be extended."
)

FORM = Form(
    (
        _MODE,
        When(_MODE.name, (COMPLIANCE,), (_NO_RETURN,)),
        When(_MODE.name, (GOVERNANCE, COMPLIANCE), (_UNTIL, _EVENT_HOLD)),
        When(_MODE.name, (GOVERNANCE, COMPLIANCE, HOLD_ON, HOLD_OFF), (_SPAN, *_SPANS)),
        _BYPASS,
        When(
            _BYPASS.name,
            ("on",),
            (
                SwitchField(
                    name="bypass_acknowledged",
                    label="I acknowledge that protection which others set may be shortened or"
                    " removed",
                    must="Tick the box to confirm that protection may be shortened or removed.",
                ),
            ),
        ),
    )
)

_UNTIL_2039 = {"Mode": GOVERNANCE, "RetainUntilDate": "2039-01-02T03:04:05Z"}
EXAMPLES: tuple[Mapping[str, Any], ...] = (
    {"Retention": _UNTIL_2039},
    {BYPASS: True, "Retention": {}},
    {
        BYPASS: False,
        "Retention": {**_UNTIL_2039, "EventHold": ON, "EventHoldDuration": {"Days": 30}},
    },
    {"Retention": {"EventHold": OFF, "EventHoldDuration": {"Years": 7}}},
)
