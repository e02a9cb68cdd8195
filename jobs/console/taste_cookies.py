"""What a page looks like is known before anybody is: from cookies, which say what a person chose."""

from django.http import HttpResponse

from jobs.console import time_zone
from jobs.models import Person

_A_YEAR_S = 365 * 24 * 60 * 60


def keep_tastes(response: HttpResponse, person: Person) -> None:
    """Not hidden from scripts, which write them, too."""
    for name in ("theme", "density"):
        value = getattr(person, name)
        response.set_cookie(name, value, max_age=_A_YEAR_S, samesite="Lax")
    updates = "on" if person.live_updates else "off"
    response.set_cookie("live_updates", updates, max_age=_A_YEAR_S, samesite="Lax")
    if person.time_zone == Person.BROWSER:
        response.delete_cookie(time_zone.CHOSEN, samesite="Lax")
    else:
        zone = person.time_zone
        response.set_cookie(time_zone.CHOSEN, zone, max_age=_A_YEAR_S, samesite="Lax")
