"""Taking part with the city's citizen account (OpenID Connect): a pseudonym and a yes or no are taken from it, no more.

No account and no session of ours comes of it. What has to be known at the way back travels in the signed ``state``;
the verifier of the code (RFC 7636) is computed from it.
"""

import base64
import hashlib
import hmac
import secrets
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec
from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import override

from allmende.kernel.errors import Busy, Denied, ErrorCode
from allmende.kernel.text import Text

SALT, SECONDS, DISCOVERY_SECONDS, TIMEOUT = "participation.citizen", 600, 3_600, 10.0
UNREACHABLE = ErrorCode(
    "participation.citizen_unreachable",
    Text("Das Bürgerkonto antwortet nicht.", "The citizen account does not answer."),
    Text("Versuchen Sie es in einigen Minuten noch einmal.", "Try again in a few minutes."),
)
NOT_CONFIRMED = ErrorCode(
    "participation.citizen_not_confirmed",
    Text(
        "Das Bürgerkonto hat Ihre Teilnahme nicht bestätigt.",
        "The citizen account did not confirm that you may take part.",
    ),
    Text(
        "Beginnen Sie neu; wer teilnehmen darf, steht beim Verfahren.",
        "Begin anew; who may take part stands with the process.",
    ),
)


class Returned(msgspec.Struct, frozen=True):
    """Who came back: for which process, wanting to go where, and what stands for them at the account."""

    process: str
    wanted: str
    subject: str


def connected() -> bool:
    """Tell whether a citizen account is set up."""
    return bool(settings.ALLMENDE.citizen_server)


def _endpoints() -> dict[str, Any]:
    server: str = settings.ALLMENDE.citizen_server.rstrip("/")
    found: dict[str, Any] | None = cache.get(f"citizen-{server}")
    if found is None:
        found = _json(httpx.get, f"{server}/.well-known/openid-configuration")
        cache.set(f"citizen-{server}", found, DISCOVERY_SECONDS)
    return found


def _json(call: Any, url: str, **values: Any) -> dict[str, Any]:
    try:
        answer = call(url, timeout=TIMEOUT, **values)
        answer.raise_for_status()
        found = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise Busy(UNREACHABLE) from error
    if not isinstance(found, dict):
        raise Busy(UNREACHABLE)
    return found


def _callback(request: HttpRequest) -> str:
    """Give the one address that is registered at the account, whatever the page's language."""
    with override("de"):
        path = reverse("citizen-callback")
    base = settings.ALLMENDE.public_url.rstrip("/")
    return f"{base}{path}" if base else request.build_absolute_uri(path)


def _verifier(state: str) -> str:
    made = hmac.new(settings.SECRET_KEY.encode(), f"{SALT}:{state}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def start(request: HttpRequest, process: str, wanted: str) -> str:
    """Give the address at the account to which the browser is led."""
    state = signing.dumps([process, wanted, secrets.token_hex(8)], salt=SALT)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(_verifier(state).encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": settings.ALLMENDE.citizen_client_id,
        "redirect_uri": _callback(request),
        "scope": "openid",
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return f"{_endpoints()['authorization_endpoint']}?{urlencode(asked)}"


def finish(request: HttpRequest) -> Returned:
    """Take the code that came back, ask who it is, and forget all but the pseudonym."""
    state, code = request.GET.get("state", ""), request.GET.get("code", "")
    try:
        process, wanted, _ = signing.loads(state, salt=SALT, max_age=SECONDS)
    except (signing.BadSignature, ValueError) as error:
        raise Denied(NOT_CONFIRMED) from error
    if not code:
        raise Denied(NOT_CONFIRMED)
    endpoints = _endpoints()
    body = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": _callback(request),
        "code_verifier": _verifier(state),
        "client_id": settings.ALLMENDE.citizen_client_id,
        "client_secret": settings.ALLMENDE.citizen_client_secret,
    }
    token = _json(httpx.post, endpoints["token_endpoint"], data=body).get("access_token", "")
    # Asked at the account itself, over its own connection; nothing that the browser carried is believed.
    told = _json(httpx.get, endpoints["userinfo_endpoint"], headers={"Authorization": f"Bearer {token}"})
    claim, subject = settings.ALLMENDE.citizen_claim, told.get("sub")
    if not subject or (claim and told.get(claim) not in (True, "true")):
        raise Denied(NOT_CONFIRMED)
    return Returned(process, wanted, str(subject))
