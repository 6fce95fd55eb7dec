"""A stand-in for the Hugging Face Hub on this computer: the part of its HTTP API that uploads and downloads
of one model need, with Git LFS for large files, as `huggingface_hub` speaks it. It has no xet storage."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

import pytest
from huggingface_hub import constants
from local_server import Handler, LocalServer

LARGE = 10_000  # bytes; what is larger goes by LFS


class LocalHub(LocalServer):
    """`repositories` has each model's files by name; `token` is the only one that may write."""

    def __init__(self, token: str = "hf_right") -> None:
        self.token = token
        self.repositories: dict[str, dict[str, bytes]] = {}
        self.private: dict[str, bool] = {}
        self.commits: list[str] = []
        self._large: dict[str, bytes] = {}
        super().__init__(type("Handler", (_Handler,), {"hub": self}))
        self.url = self.address

    def stand_in(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """For the true one, in this process."""
        template = constants.HUGGINGFACE_CO_URL_TEMPLATE.replace(constants.ENDPOINT, self.url)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "ENDPOINT", self.url)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)

    def answer(self, method: str, path: str, body: bytes) -> Any:
        """JSON, or bytes of a file; None where there is no such thing."""
        if path == "/api/validate-yaml":
            return {"errors": [], "warnings": []}
        if path == "/api/repos/create":
            return self._create(json.loads(body))
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)/preupload/main", path):
            return self._preupload(found[1], json.loads(body))
        if found := re.fullmatch(r"/([^/]+/[^/]+)\.git/info/lfs/objects/batch", path):
            return self._batch(json.loads(body))
        if found := re.fullmatch(r"/large/([0-9a-f]{64})", path):
            assert method == "PUT"
            assert hashlib.sha256(body).hexdigest() == found[1]
            self._large[found[1]] = body
            return {}
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)/commit/main", path):
            return self._commit(found[1], body)
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+?)(?:/revision/([^/]+))?", path):
            return self._info(found[1])
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)/tree/[^/]+", path):
            return self._tree(found[1])
        if found := re.fullmatch(r"/([^/]+/[^/]+)/resolve/[^/]+/(.+)", path):
            return self.repositories.get(found[1], {}).get(found[2])
        return None

    def _create(self, asked: dict[str, Any]) -> Any:
        name = f"{asked['organization']}/{asked['name']}"
        self.repositories.setdefault(name, {})
        self.private[name] = asked.get("visibility") == "private"
        return {"url": f"{self.url}/{name}", "id": name}

    def _preupload(self, name: str, asked: dict[str, Any]) -> Any:
        if name not in self.repositories:
            return None
        modes = [
            {
                "path": file["path"],
                "uploadMode": "lfs" if file["size"] > LARGE else "regular",
                "shouldIgnore": False,
            }
            for file in asked["files"]
        ]
        return {"files": modes}

    def _batch(self, asked: dict[str, Any]) -> Any:
        return {
            "transfer": "basic",
            "objects": [
                {
                    "oid": one["oid"],
                    "size": one["size"],
                    "actions": {"upload": {"href": f"{self.url}/large/{one['oid']}"}},
                }
                for one in asked["objects"]
            ],
        }

    def _commit(self, name: str, body: bytes) -> Any:
        files = dict(self.repositories[name])
        for line in map(json.loads, body.splitlines()):
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self._large[value["oid"]]
            elif line["key"] == "deletedFile":
                del files[value["path"]]
            elif line["key"] == "header":
                self.commits.append(value["summary"])
        self.repositories[name] = files
        oid = self._oid(name)
        return {"commitUrl": f"{self.url}/{name}/commit/{oid}", "commitOid": oid, "success": True}

    def _info(self, name: str) -> Any:
        files = self.repositories.get(name)
        if files is None:
            return None
        return {"id": name, "sha": self._oid(name), "siblings": [{"rfilename": n} for n in sorted(files)]}

    def _tree(self, name: str) -> Any:
        files = self.repositories.get(name)
        if files is None:
            return None
        return [
            {"type": "file", "path": path, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
            for path, content in sorted(files.items())
        ]

    def commit_of(self, path: str) -> str:
        """Of the model that a file's address is in."""
        return self._oid("/".join(path.split("/")[1:3]))

    def _oid(self, name: str) -> str:
        return hashlib.sha1(f"{name} {len(self.commits)}".encode()).hexdigest()


class _Handler(Handler):
    hub: LocalHub

    def do_GET(self) -> None:  # noqa: N802
        self._answer(b"")

    do_HEAD = do_GET  # noqa: N815

    def do_POST(self) -> None:  # noqa: N802
        self._answer(self.body())

    do_PUT = do_POST  # noqa: N815

    def _answer(self, body: bytes) -> None:
        writes = self.command in ("POST", "PUT") and not self.path.startswith("/large/")
        if writes and self.headers.get("Authorization") != f"Bearer {self.hub.token}":
            self.send(401, b'{"error": "Invalid credentials."}', "application/json", {})
            return
        found = self.hub.answer(self.command, self.path.partition("?")[0], body)
        if found is None:
            self.send(404, b'{"error": "Not found"}', "application/json", {"X-Error-Code": "RepoNotFound"})
        elif isinstance(found, bytes):
            about = {
                "ETag": f'"{hashlib.sha256(found).hexdigest()}"',
                "X-Repo-Commit": self.hub.commit_of(self.path),
            }
            self.send(200, found, "application/octet-stream", about)
        else:
            self.send(200, json.dumps(found).encode(), "application/json", {})
