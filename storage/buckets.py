"""Places in a bucket of S3, or of what speaks like it: `s3://bucket/folder/file`.

Where the service is and who asks there is said by the usual variables of the environment, for vectors, small
pictures, uploads and pictures alike: `AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
`AWS_SESSION_TOKEN`, `AWS_REGION`; without keys by what the computer has (a profile, a role).
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, Final, cast

from storage.errors import (
    BUCKET_REFUSED,
    BUCKET_UNREACHABLE,
    BUCKET_UNUSABLE,
    NO_SUCH_BUCKET,
    BucketError,
    Case,
    DiscernError,
)

SCHEME: Final = "s3://"
SECRET_VARIABLES: Final = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID")
VARIABLES: Final = (
    "AWS_ENDPOINT_URL",
    "AWS_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
)
CONNECT_SECONDS, ANSWER_SECONDS = 5, 60
TRIES = 3

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")

# How Arrow and object_store, which have no classes of errors for it, say what is wrong.
_SIGNS: Final[tuple[tuple[Case[BucketError], re.Pattern[str]], ...]] = (
    (NO_SUCH_BUCKET, re.compile(r"NO_SUCH_BUCKET|NoSuchBucket")),
    (
        BUCKET_REFUSED,
        re.compile(
            "ACCESS_DENIED|AccessDenied|INVALID_ACCESS_KEY_ID|InvalidAccessKeyId|InvalidClientTokenId|"
            "SIGNATURE_DOES_NOT_MATCH|SignatureDoesNotMatch|EXPIRED_TOKEN|ExpiredToken|INVALID_SIGNATURE|"
            "UNRECOGNIZED_CLIENT|CredentialsNotLoaded|no providers in chain|"
            r"(?:code:?|status:?) 40[13]\b|\b40[13] (?:Forbidden|Unauthorized)"
        ),
    ),
    (
        BUCKET_UNREACHABLE,
        re.compile(
            "NETWORK_CONNECTION|REQUEST_TIMEOUT|SERVICE_UNAVAILABLE|SLOW_DOWN|curlCode|error sending request|"
            "timed out|dns error|ConnectError|Connection refused"
        ),
    ),
    (BUCKET_UNUSABLE, re.compile('AWS Error|S3 error|store: "S3"')),
)


@dataclass(frozen=True)
class Entry:
    """A file of a bucket, or what its names make a folder of (0 bytes, time 0)."""

    uri: str
    is_folder: bool
    size: int = 0  # bytes
    mtime_ns: int = 0  # whole seconds: a bucket counts no finer


def in_bucket(place: str) -> bool:
    return place.startswith(SCHEME)


def uri_of(path: Path | str) -> str:
    """The place in a bucket that is meant, nothing where it is one of this computer.

    A `Path` makes one slash of two, so `s3:/bucket` is read as it was written. Raises `DiscernError` for what
    names no place in a bucket, or one by a way around (`..`).
    """
    text = str(path)
    if not text.startswith("s3:/"):
        return ""
    bucket, *parts = text[len("s3:") :].strip("/").split("/")
    around = any(part in ("", ".", "..") or not part.isprintable() for part in parts)
    if not _BUCKET.fullmatch(bucket) or around:
        raise DiscernError(f"“{text[:200]}” is no place in a bucket. Write it like s3://bucket/folder.")
    return SCHEME + "/".join((bucket, *parts))


def is_place(uri: str) -> bool:
    """Whether this is how `uri_of` writes a place in a bucket."""
    try:
        return bool(uri) and uri == uri_of(uri)
    except DiscernError:
        return False


def written(path: Path) -> str:
    """A place as it is kept and shown: absolute, or in a bucket. Raises what `uri_of` raises."""
    return uri_of(path) or str(path.absolute())


def problem_of(said: str, place: str) -> BucketError | None:
    """What an error that a library raised means; None where no bucket is the reason. Of what was said nothing
    is passed on: a service may answer with parts of what it was asked."""
    return next((case(place=place) for case, signs in _SIGNS if signs.search(said)), None)


@contextmanager
def told(place: str) -> Iterator[None]:
    """Raises what the service says as a `BucketError`; `FileNotFoundError` where only the file is missing."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise problem_of(str(error), place) or BUCKET_UNUSABLE(place=place) from error


def options() -> dict[str, str]:
    """For LanceDB, which reads the other variables by itself."""
    return {"allow_http": "true"} if os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://") else {}


# Looking


def look(uri: str) -> Entry | None:
    """None where there is nothing of this name. Raises `BucketError`."""
    from pyarrow.fs import FileType

    with told(uri):
        found = _files().get_file_info(_path(uri))
        if found.type == FileType.NotFound:
            bucket = _path(uri).partition("/")[0]
            if _files().get_file_info(bucket).type == FileType.NotFound:
                raise NO_SUCH_BUCKET(place=uri)
            return None
    return _entry(found)


def entries(uri: str, *, below: bool = False) -> Iterator[Entry]:
    """What is right inside of a folder, by name; with `below` every file in it, however deep. Nothing where
    there is no such folder. Raises `BucketError`."""
    from pyarrow.fs import FileSelector

    with told(uri):
        found = _files().get_file_info(FileSelector(_path(uri), recursive=below, allow_not_found=True))
    for one in sorted(found, key=lambda one: str(one.path)):
        entry = _entry(one)
        if not (below and entry.is_folder):
            yield entry


# Reading and writing


@contextmanager
def opened(uri: str) -> Iterator[IO[bytes]]:
    """A file to be read, from any place of it. Raises `FileNotFoundError` and `BucketError`."""
    with open_file(uri) as file, told(uri):
        yield file


def open_file(uri: str) -> IO[bytes]:
    """The same, to be closed by whoever asks."""
    with told(uri):
        return cast("IO[bytes]", _files().open_input_file(_path(uri)))


def size_of(file: IO[bytes]) -> int:
    """In bytes, of a file that is open."""
    end = file.seek(0, os.SEEK_END)
    file.seek(0)
    return end


def read(uri: str) -> bytes:
    """Raises `FileNotFoundError` and `BucketError`."""
    with opened(uri) as file:
        return file.read()


def write(uri: str, content: bytes) -> None:
    """Whole or not at all, in place of what is there. Raises `BucketError`."""
    with told(uri), _files().open_output_stream(_path(uri)) as file:
        file.write(content)


def copy_in(source: Path, uri: str) -> None:
    """A file of this computer, whole or not at all. Raises `BucketError`."""
    with source.open("rb") as content, told(uri), _files().open_output_stream(_path(uri)) as file:
        shutil.copyfileobj(content, file, 8 * 1024**2)


def delete(uri: str) -> int:
    """How many bytes there were, which are no more. Raises `BucketError`."""
    found = look(uri)
    if found is None or found.is_folder:
        return 0
    with told(uri):
        _files().delete_file(_path(uri))
    return found.size


def delete_folder(uri: str) -> None:
    """With everything in it, where there is one. Raises `BucketError`."""
    if look(uri) is not None:
        with told(uri):
            _files().delete_dir(_path(uri))


# Inside


def _path(uri: str) -> str:
    """As Arrow names it. What came as a uri was checked by `uri_of`, but may have been put together since."""
    if not is_place(uri):
        raise ValueError(f"{uri[:200]!r} is no place in a bucket.")
    return uri.removeprefix(SCHEME)


def _entry(found: Any) -> Entry:
    if found.is_file:
        return Entry(SCHEME + found.path, False, found.size, found.mtime_ns or 0)
    return Entry(SCHEME + found.path, True)


def _files() -> Any:
    """As the environment is now: tests start services of their own."""
    return _files_of(*(os.environ.get(name) or None for name in VARIABLES))


@lru_cache(4)
def _files_of(
    endpoint: str | None, region: str | None, key: str | None, secret: str | None, token: str | None
) -> Any:
    from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem

    keys = {"access_key": key, "secret_key": secret, "session_token": token} if key and secret else {}
    return S3FileSystem(
        endpoint_override=endpoint,
        region=region or os.environ.get("AWS_DEFAULT_REGION"),
        connect_timeout=CONNECT_SECONDS,
        request_timeout=ANSWER_SECONDS,
        retry_strategy=AwsStandardS3RetryStrategy(max_attempts=TRIES),
        background_writes=False,  # an error comes where it is waited for
        allow_delayed_open=True,  # what is small is written by one request instead of three
        **keys,
    )
