"""The four tones of a message: what stands before it and for whom colour says nothing."""

from dataclasses import dataclass

from django.contrib.messages import constants as levels


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
        Tone("ok", "check", "Success"),
        Tone("warn", "triangle", "Warning"),
        Tone("err", "stop", "Error"),
    )
}
LEVELS = {levels.SUCCESS: "ok", levels.WARNING: "warn", levels.ERROR: "err"}


def tone_of_level(level: int) -> Tone:
    """For a level of django.contrib.messages."""
    return TONES[LEVELS.get(level, "info")]
