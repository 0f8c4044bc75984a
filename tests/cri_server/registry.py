"""A registry on loopback, and the images in it: made of a few files each, served to whoever knows the password."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import tarfile
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
TOKEN = "a-token"  # noqa: S105  # of a registry that nobody else has


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def layer(files: dict[str, bytes | str | None]) -> bytes:
    """A tar archive: bytes are a file, a string is where a link leads, None is a folder."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.mode = 0o755
            if content is None:
                entry.type = tarfile.DIRTYPE
            elif isinstance(content, str):
                entry.type, entry.linkname = tarfile.SYMTYPE, content
            else:
                entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content) if isinstance(content, bytes) else None)
    return target.getvalue()


@dataclass
class Registry:
    """What is served; ``login`` is what clients must know: ("basic" or "token", name, password)."""

    login: tuple[str, str, str] | None = None
    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    address: str = ""

    def __enter__(self) -> Self:
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                registry.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def blob(self, content: bytes) -> dict[str, Any]:
        self.blobs[digest(content)] = content
        return {"digest": digest(content), "size": len(content)}

    def image(
        self, name: str, layers: list[bytes], *, compress: bool = True, index: bool = False, **config: Any
    ) -> str:
        """Adds an image; returns its id."""
        document = {
            "architecture": "amd64",
            "os": "linux",
            "config": config,
            "rootfs": {"type": "layers", "diff_ids": [digest(each) for each in layers]},
        }
        packed = [gzip.compress(each) if compress else each for each in layers]
        manifest: dict[str, Any] = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json",
                **self.blob(json.dumps(document).encode()),
            },
            "layers": [{"mediaType": LAYER + ("+gzip" if compress else ""), **self.blob(each)} for each in packed],
        }
        text = json.dumps(manifest).encode()
        self._add(name, MANIFEST, text)
        if index:  # beside one of another system
            platform = {"os": "linux", "architecture": "amd64"}
            other = {"mediaType": MANIFEST, "digest": digest(b""), "size": 0, "platform": {"os": "plan9"}}
            entry = {"mediaType": MANIFEST, "digest": digest(text), "size": len(text), "platform": platform}
            self._add(name, INDEX, json.dumps({"schemaVersion": 2, "manifests": [other, entry]}).encode())
        return str(manifest["config"]["digest"])

    def _add(self, name: str, kind: str, text: bytes) -> None:
        path, _, tag = name.partition(":")
        for version in (tag or "latest", digest(text)):
            self.manifests[f"{path}/manifests/{version}"] = (kind, text)

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = request.path.removeprefix("/v2/")
        if path.startswith("/token"):
            self._give_token(request)
        elif not self._allowed(request):
            self._challenge(request)
        elif path in self.manifests:
            self._send(request, 200, self.manifests[path][1], {"Content-Type": self.manifests[path][0]})
        elif (name := path.rpartition("/")[2]) in self.blobs:
            self._send(request, 200, self.blobs[name], {})
        else:
            self._send(request, 404, b"{}", {})

    def _basic(self) -> str:
        assert self.login
        return "Basic " + base64.b64encode(":".join(self.login[1:]).encode()).decode()

    def _allowed(self, request: BaseHTTPRequestHandler) -> bool:
        if self.login is None:
            return True
        wanted = self._basic() if self.login[0] == "basic" else f"Bearer {TOKEN}"
        return request.headers.get("Authorization") == wanted

    def _challenge(self, request: BaseHTTPRequestHandler) -> None:
        assert self.login
        words = f'Bearer realm="http://{self.address}/token",service="here"'
        challenge = 'Basic realm="here"' if self.login[0] == "basic" else words
        self._send(request, 401, b"{}", {"WWW-Authenticate": challenge})

    def _give_token(self, request: BaseHTTPRequestHandler) -> None:
        right = request.headers.get("Authorization") == self._basic()
        self._send(request, 200 if right else 401, json.dumps({"token": TOKEN}).encode(), {})

    @staticmethod
    def _send(request: BaseHTTPRequestHandler, status: int, content: bytes, headers: dict[str, str]) -> None:
        request.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(content)
