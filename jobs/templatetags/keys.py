"""Keys of objects, and what a report says about them: `{% load keys %}`."""

import json

from django import template

from jobs.manifests.keys import shown_key

register = template.Library()


@register.filter
def key(raw: str) -> str:
    """The key as a person reads it, from the form that lists and reports have."""
    return shown_key(raw)


@register.filter
def pretty(message: str) -> str:
    """A message that is JSON with a line for each of its parts; any other as it is."""
    if not message.startswith(("{", "[")):
        return message
    try:
        return json.dumps(json.loads(message), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return message
