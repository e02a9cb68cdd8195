"""What a page looks like is known before anybody is: from cookies, which say what a person chose."""

from django.http import HttpResponse

from jobs.models import Person

_A_YEAR_S = 365 * 24 * 60 * 60


def keep_tastes(response: HttpResponse, person: Person) -> None:
    """Not hidden from scripts, which write them, too."""
    for name in ("theme", "density"):
        value = getattr(person, name)
        response.set_cookie(name, value, max_age=_A_YEAR_S, samesite="Lax")
