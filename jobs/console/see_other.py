from django.http import HttpResponseRedirect


class SeeOther(HttpResponseRedirect):
    """After a POST: the next request is a GET, whatever the method was."""

    status_code = 303
