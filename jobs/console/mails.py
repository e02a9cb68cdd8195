"""Mails of the console: plain text, with links that lead to where people know the console."""

import logging
import smtplib

from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse

from jobs import conf

logger = logging.getLogger(__name__)


def link_to(name: str, *arguments: str, request: HttpRequest | None = None) -> str:
    """An address for another browser: that which was configured, else that of the request."""
    path = reverse(name, args=arguments)
    if conf.public_url() or request is None:
        return conf.public_url() + path
    return request.build_absolute_uri(path)


def send_invitation(user: User, link: str, invited_by: User) -> bool:
    who = invited_by.get_full_name() or invited_by.get_username()
    context = {"link": link, "who": who, "person": user}
    return _send(user, "You are invited to batchconsole", "mail/invitation.txt", context)


def send_new_password(user: User, link: str) -> bool:
    context = {"link": link, "person": user}
    return _send(user, "Choose a new password for batchconsole", "mail/password.txt", context)


def _send(user: User, subject: str, template: str, context: dict[str, object]) -> bool:
    """Whether the server took it. A failure is logged without the link, which is a secret."""
    if not conf.can_mail():
        return False
    text = render_to_string(template, context)
    try:
        EmailMessage(subject, text, to=[user.email]).send()
    except (OSError, smtplib.SMTPException) as error:
        logger.warning("No mail to %s: %s", user.email, type(error).__name__)
        return False
    return True
