"""Sending somebody the link by which they choose their password, or showing it once."""

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from jobs import conf
from jobs.access import password_links, people
from jobs.access.password_links import Purpose
from jobs.console import mails
from jobs.console.access import user_of
from jobs.console.see_other import SeeOther


def send(request: HttpRequest, person: User, purpose: Purpose) -> HttpResponse:
    """By mail where that works. Else the one who invites gets the link, which nobody sees again."""
    token = people.link(person, purpose, timezone.now())
    link = mails.link_to("password-link", token, request=request)
    if purpose is Purpose.INVITATION:
        sent = mails.send_invitation(person, link, user_of(request))
    else:
        sent = mails.send_new_password(person, link)
    if sent:
        messages.success(request, f"A mail with a link is on its way to {person.email}.")
        return SeeOther(reverse("person-edit", args=[person.pk]))
    context = {
        "person": person,
        "link": link,
        "is_invitation": purpose is Purpose.INVITATION,
        "days": password_links.VALID[purpose].days,
        "mail_failed": conf.can_mail(),
    }
    return render(request, "console/person_link.html", context)
