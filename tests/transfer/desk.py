"""Somebody at a desk of the staff room: real requests, forms filled in as the page gives them."""

from typing import Any

import bs4
import httpx

PASSWORD = "four random words here"


class Desk:
    """A signed-in person, over HTTP."""

    def __init__(self, address: str, email: str) -> None:
        self.client = httpx.Client(base_url=address, timeout=60, follow_redirects=True)
        page = self.send("/intern/", login=email, password=PASSWORD)
        assert "/intern/" in str(page.url), page.text
        assert "login" not in str(page.url), page.text

    def fields(self, page: httpx.Response, button: str = "") -> tuple[str, dict[str, Any]]:
        """Give address and fields of the form whose fields or button hold a word; the last form otherwise."""
        forms = [one for one in bs4.BeautifulSoup(page.text, "html.parser").find_all("form") if _posts(one)]
        form = next((one for one in forms if button and button in str(one)), forms[-1])
        found: dict[str, Any] = {}
        for one in form.find_all(["input", "textarea", "select"]):
            name, kind = str(one.get("name") or ""), str(one.get("type") or "")
            if not name or kind in ("submit", "file") or one.has_attr("disabled"):
                continue
            if kind in ("checkbox", "radio"):
                if one.has_attr("checked"):
                    found.setdefault(name, []).append(one.get("value", "on"))
            elif one.name == "select":
                found[name] = [
                    option.get("value", "") for option in one.find_all("option") if option.has_attr("selected")
                ]
            else:
                found[name] = one.get_text() if one.name == "textarea" else one.get("value", "")
        return str(form.get("action") or page.url), found

    def send(self, path: str, *, form: str = "", files: Any = None, **values: Any) -> httpx.Response:
        """Fill a page's form in and send it; give the page that follows."""
        page = self.client.get(path)
        assert page.status_code == 200, f"{path}: {page.status_code}"
        address, found = self.fields(page, form or next(iter(values), ""))
        headers = {"Referer": str(page.url)}
        done = self.client.post(address, data={**found, **values}, files=files, headers=headers)
        assert done.status_code == 200, f"{path}: {done.status_code} {done.text[:500]}"
        return done

    def text(self, path: str) -> str:
        """Give a page that has to be there."""
        answer = self.client.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer.text


def _posts(form: bs4.Tag) -> bool:
    return str(form.get("method") or "").lower() == "post" and "logout" not in str(form.get("action") or "")
