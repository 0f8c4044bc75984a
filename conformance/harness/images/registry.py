"""A registry on loopback that images can be pulled from (distribution-spec, Pull), with and without credentials.

A registry is open, or guarded as a whole, as those of others are: clients ask once, at ``/v2/``, what it wants.  One
that is guarded by ``basic`` wants the user and password of this module, one by ``token`` a token that it gives to them.
Each request is noted in ``requests.jsonl``.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from conformance.harness.images.layer import digest_of
from conformance.harness.images.store import Store

USER, PASSWORD, TOKEN = "sailor", "shanty", "seatrial-token"
CREDENTIALS = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
GRANT = json.dumps({"token": TOKEN, "access_token": TOKEN}).encode()


class Registry:
    """Serves the images of a folder until it is closed; ``guard`` is ``basic``, ``token`` or "" for nothing."""

    def __init__(self, folder: Path, host: str = "127.0.0.1", port: int = 0, guard: str = "") -> None:
        """Raises OSError when it can not listen there."""
        self.store, self.guard = Store(folder), guard
        handler = type("Handler", (_Handler,), {"registry": self})
        self._server = _Server((host, port), handler)
        self.address = f"{host}:{self._server.server_address[1]}"
        self._log = threading.Lock()
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def note(self, entry: dict[str, Any]) -> None:
        """Keep a request for tests that ask what a server did."""
        with self._log, (self.store.folder / "requests.jsonl").open("a") as file:
            file.write(json.dumps({"registry": self.address, **entry}) + "\n")


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that hang up."""


class _Handler(BaseHTTPRequestHandler):
    registry: Registry
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer for a manifest, a blob, the registry itself or a token."""
        path = urlsplit(self.path).path
        self.registry.note({"method": self.command, "path": path, "authorized": "Authorization" in self.headers})
        if path == "/token":
            self._give_token()
            return
        found = re.fullmatch(r"/v2/(?:(?P<name>.+)/(?P<kind>manifests|blobs)/(?P<reference>[^/]+))?", path)
        if found is None:
            self._refuse(404, "NAME_UNKNOWN")
        elif not self._may():
            self._ask_for_credentials(found["name"] or "")
        elif found["kind"] is None:
            self._answer(200, b"{}", "application/json")
        elif found["kind"] == "manifests":
            self._manifest(found["name"], found["reference"])
        else:
            self._blob(found["reference"])

    def do_POST(self) -> None:
        """Give a token to whoever sends user and password in a form, as in OAuth 2."""
        form = parse_qs(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode(errors="replace"))
        self.registry.note({"method": self.command, "path": self.path, "authorized": "password" in form})
        if form.get("username") == [USER] and form.get("password") == [PASSWORD]:
            self._answer(200, GRANT, "application/json")
        else:
            self._refuse(401, "UNAUTHORIZED")

    do_HEAD = do_GET  # noqa: N815  # as above

    def _manifest(self, repository: str, reference: str) -> None:
        found = self.registry.store.manifest(repository, reference)
        if found is None:
            self._refuse(404, "MANIFEST_UNKNOWN")
        else:
            self._answer(200, found[1], found[0], {"Docker-Content-Digest": digest_of(found[1])})

    def _blob(self, digest: str) -> None:
        content = self.registry.store.blob(digest)
        if content is None:
            self._refuse(404, "BLOB_UNKNOWN")
        else:
            self._answer(200, content, "application/octet-stream", {"Docker-Content-Digest": digest})

    def _may(self) -> bool:
        wanted = {"basic": f"Basic {CREDENTIALS}", "token": f"Bearer {TOKEN}"}.get(self.registry.guard)
        return wanted is None or self.headers.get("Authorization") == wanted

    def _ask_for_credentials(self, repository: str) -> None:
        if self.registry.guard == "basic":
            challenge = 'Basic realm="seatrial"'
        else:
            challenge = f'Bearer realm="http://{self.registry.address}/token",service="seatrial"'
            challenge += f',scope="repository:{repository}:pull"' if repository else ""
        self._refuse(401, "UNAUTHORIZED", {"WWW-Authenticate": challenge})

    def _give_token(self) -> None:
        if self.headers.get("Authorization") == f"Basic {CREDENTIALS}":
            self._answer(200, GRANT, "application/json")
        else:
            self._refuse(401, "UNAUTHORIZED")

    def _refuse(self, status: int, code: str, headers: dict[str, str] | None = None) -> None:
        body = json.dumps({"errors": [{"code": code, "message": code.lower().replace("_", " ")}]}).encode()
        self._answer(status, body, "application/json", headers)

    def _answer(self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: requests are noted, see ``Registry.note``."""
