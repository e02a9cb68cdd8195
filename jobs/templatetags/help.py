"""Links to the page Help: `{% load help %}`."""

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def explain(slug: str, words: str = "") -> SafeString:
    """A link to the page Help where a word is explained: a "?", or `words`."""
    address = f"{reverse('help')}#{slug}"
    if words:
        return format_html('<a href="{}">{}</a>', address, words)
    what = slug.replace("-", " ")
    return format_html(
        '<a class="explain" href="{}"><span aria-hidden="true">?</span>'
        '<span class="vh">Help: {}</span></a>',
        address,
        what,
    )
