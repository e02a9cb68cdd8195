"""The tones of a message: what stands before it and for whom colour says nothing."""

from dataclasses import dataclass

from django.contrib.messages import constants as levels

from jobs.choices import Risk


@dataclass(frozen=True)
class Tone:
    """`name` is the CSS class, `icon` a symbol of the sprite, `word` is read out before the text."""

    name: str
    icon: str
    word: str


TONES = {
    tone.name: tone
    for tone in (
        Tone("info", "info", "Information"),
        Tone("plain", "info", "Information"),
        Tone("ok", "check", "Success"),
        Tone("warn", "triangle", "Warning"),
        Tone("err", "stop", "Error"),
    )
}
RISKS = {
    Risk.SAFE: "ok",
    Risk.COST: "warn",
    Risk.CAUTION: "warn",
    Risk.DESTRUCTIVE: "err",
    Risk.IRREVERSIBLE: "err",
}
LEVELS = {levels.SUCCESS: "ok", levels.WARNING: "warn", levels.ERROR: "err"}


def tone_of_level(level: int) -> Tone:
    """For a level of django.contrib.messages."""
    return TONES[LEVELS.get(level, "info")]


def tone_of_risk(risk: Risk) -> Tone:
    return TONES[RISKS[risk]]
