"""A service that speaks S3, of the tests' own: moto's server on a free port of the loopback interface.

It runs in a process of its own, with packages of its own: what it needs asks for other versions of some than
Discern uses. `make bucket` puts them into `.s3/`.
"""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pyarrow.fs as arrow

ROOT = Path(__file__).parents[1]
PACKAGES = ".s3"  # in the repository, and what DISCERN_TEST_S3 may name instead
HOW_TO_GET_IT = (
    "Run `make bucket`, which puts moto's server into .s3, or let DISCERN_TEST_S3 name its folder."
)
START_SECONDS = 60
KEY, SECRET = "AKIATESTTESTTEST", "a-secret-that-nobody-may-see"


class NoS3Error(Exception):
    """Why there is no service to test with."""


@dataclass
class Service:
    """`new_bucket` gives each test a bucket of its own."""

    address: str

    def __post_init__(self) -> None:
        self._names = (f"bucket-{number}-{secrets.token_hex(3)}" for number in count())
        self.files = arrow.S3FileSystem(
            endpoint_override=self.address,
            access_key=KEY,
            secret_key=SECRET,
            region="us-east-1",
            allow_bucket_creation=True,
            allow_bucket_deletion=True,
        )

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to find it."""
        return {
            "AWS_ENDPOINT_URL": self.address,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def new_name(self) -> str:
        """Of a bucket that isn't there."""
        return next(self._names)

    def new_bucket(self) -> str:
        """Its name."""
        name = self.new_name()
        self.files.create_dir(name)
        return name

    def put(self, place: str, content: bytes) -> None:
        """`place` as `bucket/folder/file`."""
        with self.files.open_output_stream(place) as file:
            file.write(content)

    def kept(self, place: str) -> dict[str, bytes]:
        """Name → bytes of every object below a place."""
        found = self.files.get_file_info(arrow.FileSelector(place, recursive=True, allow_not_found=True))
        return {
            one.path: self.files.open_input_file(one.path).read()
            for one in found
            if one.type == arrow.FileType.File
        }

    def remove_bucket(self, name: str) -> None:
        self.files.delete_dir(name)

    def refuse(self) -> None:
        """From now on nobody is let in: moto checks who asks, and knows nobody."""
        self._let_in(0)

    def let_in(self) -> None:
        self._let_in(10**9)

    def _let_in(self, requests: int) -> None:
        asked = urllib.request.Request(
            f"{self.address}/moto-api/reset-auth", str(requests).encode(), {"Content-Type": "text/plain"}
        )
        urllib.request.urlopen(asked, timeout=30).close()


def packages() -> Path:
    """The folder with moto. Raises `NoS3Error`."""
    for folder in (os.environ.get("DISCERN_TEST_S3", ""), str(ROOT / PACKAGES)):
        if folder and (Path(folder) / "moto").is_dir():
            return Path(folder)
    raise NoS3Error(f"moto's server is not there. {HOW_TO_GET_IT}")


@contextmanager
def running_service() -> Iterator[Service]:
    """Raises `NoS3Error` where it can't be had."""
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": str(packages()),
        "INITIAL_NO_AUTH_ACTION_COUNT": str(10**9),
    }
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(server, port)
        yield Service(f"http://127.0.0.1:{port}")
    finally:
        server.kill()
        server.wait()


def _wait_for(server: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise NoS3Error(f"moto's server doesn't start. {HOW_TO_GET_IT}")
