"""What protects forms that need neither an account nor a cookie: their own page, room for connections and addresses."""

import hashlib
import hmac
import ipaddress

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from allmende.kernel.errors import Denied, ErrorCode

HOUR = 3_600


class TooMany(Denied):
    """More than one connection may send, or one address may get."""

    status = 429


def require_own_page(request: HttpRequest, code: ErrorCode) -> None:
    """Refuse what another website sends in a visitor's name; there is no cookie that would tell."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise Denied(code)


def _connection(address: str) -> str:
    """Give what stands for a connection: of IPv6 the first half, for the rest everybody chooses for themselves."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((address, 64), strict=False)) if found.version == 6 else address


def _place(name: str, address: str) -> str:
    """Name the place of an address's count: a hash that nobody can turn back."""
    mark = hmac.new(settings.SECRET_KEY.encode(), address.encode(), hashlib.sha256).hexdigest()
    return f"{name}-{mark}"


def _place_of(request: HttpRequest, name: str) -> str:
    address = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip() or request.META["REMOTE_ADDR"]
    return _place(name, _connection(address))


def require_room(request: HttpRequest, name: str, limit: int, code: ErrorCode) -> None:
    """Refuse a connection from which enough came, before anything else is asked: a flood costs little."""
    if cache.get(_place_of(request, name), 0) >= limit:
        raise TooMany(code, limit=limit)


def take_room(request: HttpRequest, name: str, limit: int, code: ErrorCode) -> None:
    """Count what a connection sends, for an hour; of several at once, no more than there is room for are let in."""
    _take(_place_of(request, name), limit, code)


def take_mail_room(email: str, limit: int, code: ErrorCode) -> None:
    """Count what is to be written to an address, for an hour, whoever asks for it and from wherever."""
    _take(_place("mail", email.strip().lower()), limit, code)


def _take(place: str, limit: int, code: ErrorCode) -> None:
    cache.add(place, 0, HOUR)
    if cache.incr(place) > limit:
        raise TooMany(code, limit=limit)
