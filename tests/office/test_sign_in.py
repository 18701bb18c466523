"""The way in: password, second factor, too many tries, no role, language, cookies."""

import hmac
import struct
import time
from base64 import b32decode
from typing import Any

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.test import Client

from allmende.accounts.models import AuditEntry
from allmende.gate.door import Gate
from tests.office.conftest import PASSWORD, SignIn, person

LOGIN = "/intern/konto/login/"


def attempt(client: Client, password: str = PASSWORD, email: str = "office@example.org") -> Any:
    """Send the form of the sign-in."""
    return client.post(LOGIN, {"login": email, "password": password})


def code_of(secret: str) -> str:
    """Give the six digits that an app shows now (RFC 6238)."""
    mac = hmac.digest(b32decode(secret), struct.pack(">Q", int(time.time()) // 30), "sha1")
    place = mac[-1] & 15
    return f"{(struct.unpack('>I', mac[place : place + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def test_the_frame_leads_to_our_sign_in_and_back(city: Gate) -> None:
    person("office")
    client = Client()
    first = client.get("/intern/projekte/")
    second = client.get(first["Location"])
    assert second["Location"] == f"{LOGIN}?next=/intern/projekte/"
    assert "Anmelden" in client.get(second["Location"]).content.decode()
    done = client.post(LOGIN, {"login": "OFFICE@example.org", "password": PASSWORD, "next": "/intern/projekte/"})
    assert done["Location"] == "/intern/projekte/"
    assert client.get("/intern/").status_code == 200


def test_the_session_exists_below_the_staff_room_only(city: Gate) -> None:
    person("office")
    client = Client()
    client.get(LOGIN)
    attempt(client)
    assert {cookie["path"] for cookie in client.cookies.values()} == {"/intern/"}
    assert {"sessionid"} <= set(client.cookies)
    assert Client().get("/").cookies == {}


def test_after_five_wrong_tries_even_the_right_password_is_refused(city: Gate) -> None:
    person("office")
    person("steward")
    client = Client()
    for _ in range(5):
        assert attempt(client, "wrong").status_code == 200
    refused = attempt(client)
    assert "sessionid" not in client.cookies
    assert "Zu viele" in refused.content.decode()
    assert attempt(Client(), email="steward@example.org").status_code == 302, "others still come in"


def test_a_second_factor_is_asked_for_once_it_is_active(city: Gate, sign_in: SignIn) -> None:
    user = person("office")
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(user, secret)
    client = Client()
    response = attempt(client)
    assert response["Location"].startswith("/intern/konto/2fa/authenticate/")
    assert client.get("/intern/").status_code == 302
    assert client.get("/intern/konto/2fa/authenticate/").status_code == 200
    assert client.post("/intern/konto/2fa/authenticate/", {"code": "000000"}).status_code == 200
    assert client.post("/intern/konto/2fa/authenticate/", {"code": code_of(secret)}).status_code == 302
    assert client.get("/intern/").status_code == 200


def test_an_app_is_activated_and_recorded(city: Gate, django_capture_on_commit_callbacks: Any) -> None:
    person("office")
    client = Client()
    attempt(client)
    assert client.get("/intern/konto/2fa/totp/activate/").status_code == 302
    client.post("/intern/konto/reauthenticate/", {"password": PASSWORD})
    page = client.get("/intern/konto/2fa/totp/activate/")
    page = client.get("/intern/konto/2fa/totp/activate/")
    secret = page.context["form"].secret
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/intern/konto/2fa/totp/activate/", {"code": code_of(secret)})
    assert client.get("/intern/konto/2fa/").context["authenticators"]["totp"]
    assert client.get("/intern/konto/2fa/recovery-codes/").status_code == 200
    assert AuditEntry.objects.filter(verb="accounts.totp_activated", actor="office@example.org").count() == 1


@pytest.mark.parametrize(
    "address",
    [
        "2fa/",
        "2fa/totp/activate/",
        "2fa/webauthn/",
        "2fa/webauthn/add/",
        "password/change/",
        "logout/",
        "reauthenticate/",
    ],
)
def test_every_page_of_the_own_access_has_our_frame(city: Gate, address: str) -> None:
    person("office")
    client = Client()
    attempt(client)
    page = client.get(f"/intern/konto/{address}", follow=True).content.decode()
    assert 'class="brand"' in page
    assert 'href="/static/vendor/kern.min.css"' in page
    assert "http://" not in page.replace("http://testserver", "").replace("http://www.w3.org", "")


def test_who_has_no_role_reads_so_and_is_not_sent_around(city: Gate) -> None:
    person("nobody")
    client = Client()
    attempt(client, email="nobody@example.org")
    page = client.get("/intern/", follow=True)
    assert len(page.redirect_chain) == 1
    assert page.status_code == 403
    assert "noch keine Rolle" in page.content.decode()


def test_who_is_blocked_stays_outside(city: Gate) -> None:
    blocked = person("office")
    blocked.is_active = False
    blocked.save()
    client = Client()
    attempt(client)
    assert client.get("/intern/").status_code == 302


def test_the_sign_in_speaks_the_browsers_language(city: Gate) -> None:
    english = Client().get(LOGIN, headers={"accept-language": "en-GB,en;q=0.9,de;q=0.8"}).content.decode()
    assert '<html lang="en"' in english
    german = Client().get(LOGIN, headers={"accept-language": "fr, de;q=0.5"}).content.decode()
    assert '<html lang="de"' in german


def test_the_staff_room_speaks_the_browsers_language_until_somebody_chooses(city: Gate, sign_in: SignIn) -> None:
    english, german = ({"accept-language": words} for words in ("fr;q=0.9, de;q=0.2, en-GB;q=0.5", "de-DE,en;q=0.4"))
    client = sign_in("office")
    for address in ("", "projekte/", "aufgaben/", "konto/2fa/", "nowhere/", "jsi18n/"):
        answers = [client.get(f"/intern/{address}", headers=headers) for headers in (english, german)]
        assert [answer["Content-Language"] for answer in answers] == ["en", "de"], address
    page = client.get("/intern/account/", headers=english).content.decode()
    assert "the browser’s" in page
    assert "Save" in page
    sent = {"name_email-first_name": "Olga", "name_email-last_name": "Office", "locale-preferred_language": "de"}
    saved = client.post(
        "/intern/account/",
        {**sent, "theme-theme": "system", "theme-contrast": "system", "theme-density": "default"},
        headers=english,
    )
    assert saved.status_code == 302
    for address in ("", "projekte/", "konto/2fa/"):
        assert '<html lang="de"' in client.get(f"/intern/{address}", headers=english).content.decode(), address


def test_nobody_signs_up_or_changes_the_address_alone(sign_in: SignIn) -> None:
    for address in ("signup", "email"):
        assert sign_in("office").get(f"/intern/konto/{address}/").status_code == 404


def test_signing_out_ends_the_session(sign_in: SignIn) -> None:
    client = sign_in("office")
    assert client.post("/intern/logout/").status_code == 302
    assert client.get("/intern/").status_code == 302


def test_a_changed_password_is_recorded(city: Gate) -> None:
    person("office")
    client = Client()
    attempt(client)
    new = "four random words instead"
    sent = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert client.post("/intern/konto/password/change/", sent).status_code == 302
    assert AuditEntry.objects.filter(verb="accounts.password_changed", actor="office@example.org").count() == 1
    assert attempt(Client(), new).status_code == 302
