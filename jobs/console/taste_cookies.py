"""What a page looks like is known before anybody is: from cookies, which say what a person chose."""

from django.http import HttpRequest, HttpResponse

from jobs.console import time_zone
from jobs.models import Person

_A_YEAR_S = 365 * 24 * 60 * 60


def keep_tastes(
    response: HttpResponse, person: Person, *, unless: HttpRequest | None = None
) -> None:
    """Not hidden from scripts, which write them, too. What a browser chose for itself, as the request
    `unless` says, stays.
    """
    live = "on" if person.live_updates else "off"
    tastes = {"theme": person.theme, "density": person.density, "live_updates": live}
    for name, value in tastes.items():
        if unless is None or name not in unless.COOKIES:
            response.set_cookie(name, value, max_age=_A_YEAR_S, samesite="Lax")
    if person.time_zone == Person.BROWSER:
        response.delete_cookie(time_zone.CHOSEN, samesite="Lax")
    else:
        zone = person.time_zone
        response.set_cookie(time_zone.CHOSEN, zone, max_age=_A_YEAR_S, samesite="Lax")
