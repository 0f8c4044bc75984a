"""The client of a registry (distribution-spec): manifests and blobs by HTTP, with a login if one is asked for.

On loopback it is plain HTTP, elsewhere with TLS.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import http.client
import json
import re
import urllib.parse
from collections.abc import Iterator
from typing import Any

from reference_runtime.cri.errors import Failed, Forbidden, Invalid, NotFound, Refused, Unreachable
from reference_runtime.cri.images.reference import Reference

MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_BLOCK = 1 << 18
_MOST_REDIRECTS = 5
_PATIENCE = 30.0
_LOOPBACK = re.compile(r"(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?")
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


@dataclasses.dataclass(frozen=True)
class Login:
    """Credentials: a name and a password, or a token for the registry, or one to get such tokens with."""

    username: str = ""
    password: str = ""
    registry_token: str = ""
    identity_token: str = ""

    @property
    def basic(self) -> str:
        """The value of a header, or nothing."""
        if not self.username:
            return ""
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()


def login_of(auth: Any) -> Login:
    """The credentials in an AuthConfig.  Invalid when they can not be read."""
    username, password = auth.username, auth.password
    if auth.auth and not username:
        try:
            username, _, password = base64.b64decode(auth.auth, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise Invalid("auth.auth is not the base64 of a name, a colon and a password") from None
        password = password.rstrip("\0")
    return Login(username, password, auth.registry_token, auth.identity_token)


class Registry:
    """The registry of one repository."""

    def __init__(self, reference: Reference, login: Login, mirrors: dict[str, str]) -> None:
        self._reference = reference
        self._login = login
        self._authorization = f"Bearer {login.registry_token}" if login.registry_token else ""
        host = "registry-1.docker.io" if reference.host == "docker.io" else reference.host
        local = _LOOPBACK.fullmatch(reference.host)
        mirror = mirrors.get(reference.host) or ("" if local else mirrors.get("", ""))
        server = mirror or ("http://" if local else "https://") + host
        self._base = f"{server}/v2/{reference.path}"

    def manifest(self, version: str) -> tuple[bytes, str]:
        """A manifest or index, and its media type."""
        answer = self._get(f"{self._base}/manifests/{version}", ", ".join(MANIFESTS + INDEXES))
        with answer:
            return answer.read(), answer.getheader("Content-Type", "").partition(";")[0]

    def blob(self, digest: str) -> Iterator[bytes]:
        """A blob, piece by piece."""
        answer = self._get(f"{self._base}/blobs/{digest}", "*/*")
        with answer:
            while piece := self._read(answer):
                yield piece

    def _read(self, answer: http.client.HTTPResponse) -> bytes:
        try:
            return answer.read(_BLOCK)
        except (OSError, http.client.HTTPException) as problem:
            raise Unreachable(f"{self._reference}: the registry broke off: {problem}") from None

    def _get(self, url: str, accept: str) -> http.client.HTTPResponse:
        answer = self._ask(url, accept)
        if answer.status == http.HTTPStatus.UNAUTHORIZED:
            challenge = answer.getheader("WWW-Authenticate", "")
            answer.read()
            self._authorization = self._answer_to(challenge)
            answer = self._ask(url, accept)
        if answer.status == http.HTTPStatus.OK:
            return answer
        raise self._refusal(answer, url)

    def _refusal(self, answer: http.client.HTTPResponse, url: str) -> Refused:
        reason = f"{self._reference}: {url} answers {answer.status} {answer.reason}"
        answer.close()
        if answer.status in {http.HTTPStatus.UNAUTHORIZED, http.HTTPStatus.FORBIDDEN}:
            return Forbidden(f"{reason}; are the credentials right?")
        if answer.status == http.HTTPStatus.NOT_FOUND:
            return NotFound(reason)
        return Failed(reason)

    def _ask(self, url: str, accept: str) -> http.client.HTTPResponse:
        """The answer, of whatever status, after redirections; only the first host gets the credentials."""
        headers = {"Accept": accept, "User-Agent": "seatrial-cri"}
        authorization = {"Authorization": self._authorization} if self._authorization else {}
        for _ in range(_MOST_REDIRECTS):
            answer = self._request(url, headers | authorization)
            if answer.status not in {301, 302, 303, 307, 308}:
                return answer
            target = urllib.parse.urljoin(url, answer.getheader("Location", ""))
            if urllib.parse.urlsplit(target).netloc != urllib.parse.urlsplit(url).netloc:
                authorization = {}
            answer.read()
            url = target
        raise Failed(f"{self._reference}: the registry redirects without end")

    def _request(self, url: str, headers: dict[str, str]) -> http.client.HTTPResponse:
        parts = urllib.parse.urlsplit(url)
        kind = http.client.HTTPConnection if parts.scheme == "http" else http.client.HTTPSConnection
        connection = kind(parts.netloc, timeout=_PATIENCE)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request("GET", path, headers=headers)
            return connection.getresponse()
        except (OSError, http.client.HTTPException) as problem:
            raise Unreachable(f"{self._reference}: {parts.netloc} can not be reached: {problem}") from None

    def _answer_to(self, challenge: str) -> str:
        """The header that answers a WWW-Authenticate."""
        scheme, _, rest = challenge.partition(" ")
        if scheme.lower() == "basic":
            if not self._login.basic:
                raise Forbidden(f"{self._reference}: the registry wants a name and a password")
            return self._login.basic
        if scheme.lower() != "bearer":
            raise Forbidden(f"{self._reference}: the registry wants an unknown login {challenge!r}")
        return f"Bearer {self._token(dict(_CHALLENGE.findall(rest)))}"

    def _token(self, words: dict[str, str]) -> str:
        """A token from the service that the challenge names."""
        query = {"service": words.get("service", ""), "scope": words.get("scope", "")}
        query = {name: value for name, value in query.items() if value}
        headers = {"Authorization": self._login.basic} if self._login.basic else {}
        if self._login.identity_token:
            headers = {"Authorization": f"Bearer {self._login.identity_token}"}
        answer = self._request(f"{words.get('realm', '')}?{urllib.parse.urlencode(query)}", headers)
        text = answer.read()
        if answer.status != http.HTTPStatus.OK:
            raise Forbidden(f"{self._reference}: the login was refused with {answer.status} {answer.reason}")
        try:
            told = json.loads(text)
            return str(told.get("token") or told["access_token"])
        except (ValueError, KeyError, AttributeError):
            raise Failed(f"{self._reference}: the service for logins gave no token") from None
