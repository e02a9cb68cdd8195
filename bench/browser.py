"""Somebody who is signed in and opens pages over HTTP, and how long each took."""

import re
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from http.cookiejar import CookieJar

from tests.make import PASSWORD

PATIENCE_S = 60.0
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass(slots=True)
class Browser:
    """`took_s` has how long the pages took that were opened with `look`, by name."""

    url: str
    took_s: dict[str, list[float]] = field(default_factory=dict)
    _jar: CookieJar = field(default_factory=CookieJar)

    def sign_in(self, email: str) -> None:
        """Raises RuntimeError where that is refused."""
        token = _TOKEN.search(self.get("/sign-in/"))
        assert token is not None
        typed = {"csrfmiddlewaretoken": token[1], "email": email, "password": PASSWORD}
        self._open("/sign-in/", urllib.parse.urlencode(typed).encode())
        if not any(cookie.name == "sessionid" for cookie in self._jar):
            raise RuntimeError(f"{email} cannot sign in")

    def get(self, path: str) -> str:
        """Raises OSError for any answer but a good one."""
        return self._open(path, None)

    def look(self, name: str, path: str) -> None:
        began_s = time.monotonic()
        self.get(path)
        self.took_s.setdefault(name, []).append(time.monotonic() - began_s)

    def _open(self, path: str, body: bytes | None) -> str:
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._jar))
        with opener.open(self.url + path, body, timeout=PATIENCE_S) as answer:
            text: str = answer.read().decode()
        return text
