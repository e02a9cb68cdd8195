"""Signing in with an OpenID Connect provider (docs/people.md, Single sign-on)."""

import logging
from functools import cache
from typing import Any

from authlib.integrations.base_client import OAuthError
from authlib.integrations.django_client import DjangoOAuth2App, OAuth
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from joserfc.errors import JoseError
from requests import RequestException

from jobs import conf
from jobs.access import sign_in_log
from jobs.access.provider_people import person_of
from jobs.conf import OidcProvider
from jobs.console import mails
from jobs.console.sign_in import entering
from jobs.errors import UnknownPersonError

logger = logging.getLogger(__name__)

_ANSWER_TIMEOUT_S = 10
_TARGET = "provider-target"
SIGNED_WITH = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
"""By a key that only the provider has: not "none", nor with our own secret."""

_NO_ANSWER = "{name} gives no answer that can be used. Try again later, or ask your administrator."
_NOT_RIGHT = "What {name} answered could not be trusted. Sign in again."
_ODD = (RequestException, RuntimeError, ValueError, KeyError, TypeError)


@require_GET
@never_cache
def go_to_provider(request: HttpRequest) -> HttpResponse:
    provider = _provider()
    back = mails.link_to("sign-in-provider-back", request=request)
    request.session[_TARGET] = entering.target_of(request)
    try:
        answer: HttpResponse = _client(provider).authorize_redirect(request, back)
    except _ODD as error:
        return _refused(request, _NO_ANSWER.format(name=provider.name), error)
    return answer


@require_GET
@never_cache
def back_from_provider(request: HttpRequest) -> HttpResponse:
    provider = _provider()
    try:
        claims = _claims(request, provider)
        user = person_of(claims, provider)
    except UnknownPersonError as error:
        sign_in_log.provider_refused(entering.network_of(request), "no account")
        return _refused(request, error.message, error)
    except (OAuthError, JoseError) as error:
        sign_in_log.provider_refused(entering.network_of(request), "not to be trusted")
        return _refused(request, _NOT_RIGHT.format(name=provider.name), error)
    except _ODD as error:
        return _refused(request, _NO_ANSWER.format(name=provider.name), error)
    target = request.session.pop(_TARGET, reverse("overview"))
    return entering.enter(request, user, target, vouched_for=True)


def _provider() -> OidcProvider:
    provider = conf.oidc_provider()
    if provider is None:
        raise Http404
    return provider


def _client(provider: OidcProvider) -> Any:
    return _client_of(provider.issuer, provider.client_id, provider.client_secret, provider.scope)


@cache
def _client_of(issuer: str, client_id: str, client_secret: str, scope: str) -> Any:
    """It keeps what the provider tells of itself, so it is made once."""
    return OAuth().register(
        "provider",
        client_cls=DjangoOAuth2App,
        client_id=client_id,
        client_secret=client_secret,
        server_metadata_url=f"{issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={
            "scope": scope,
            "code_challenge_method": "S256",
            "timeout": _ANSWER_TIMEOUT_S,
        },
    )


def _claims(request: HttpRequest, provider: OidcProvider) -> dict[str, Any]:
    client = _client(provider)
    known = client.load_server_metadata()
    offered = known.get("id_token_signing_alg_values_supported") or ["RS256"]
    known["id_token_signing_alg_values_supported"] = [a for a in offered if a in SIGNED_WITH]
    token = client.authorize_access_token(
        request,
        claims_options={
            "iss": {"essential": True, "value": provider.issuer},
            "aud": {"essential": True, "value": provider.client_id},
        },
    )
    return dict(token["userinfo"])


def _refused(request: HttpRequest, sentence: str, error: Exception) -> HttpResponse:
    # Not the error's own words: they may hold a token.
    logger.warning("No sign-in by the provider: %s", type(error).__name__)
    messages.error(request, sentence)
    return HttpResponseRedirect(reverse("sign-in"))
