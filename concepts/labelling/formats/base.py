"""What a format of another tool is: a reader of its files and, for most, a writer.

Between them and the library lie the rows of a label file (`concepts.labelling.rows`): a reader turns a
foreign file into such rows, a writer turns pictures with their labels and scores into a foreign file. What a
foreign file names is never opened: pictures are found by their id or their place in the library alone."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final, Literal, Protocol, runtime_checkable

from concepts.errors import DiscernError
from concepts.labelling.rows import NO_COLUMNS_OF_PICTURES, RawRow
from concepts.registry import Method
from storage.disk import is_refusal, refused
from storage.files import open_regular, read_regular, shortened

MOST_JSON: Final = 512 * 1024**2  # bytes of a JSON file, which is read whole: it takes some times as much
MOST_ROWS = 1_000_000  # of a file
TOO_MUCH: Final = "takes too much memory or time to be read. Split it."
ANOTHER: Final = "Choose another format."
CAPTION: Final = "caption"

ABOUT: Final = ("author", "author_kind", "split", "created", "comment")  # a label, beside its value

Together = Literal["yes", "no", "unsure", "skip", "conflict", ""]


@dataclass(frozen=True)
class PersonLabel:
    """What one person, real or simulated, says of a picture."""

    value: str
    author: str
    author_kind: str = "person"
    split: str = ""
    created: str = ""  # ISO 8601
    comment: str = ""


@dataclass(frozen=True)
class LabelledPicture:
    """A picture as it is written: `label` is what people say together (empty: nobody said anything), `score`
    the probability of yes by the `version`, 0 to 1."""

    id: str  # SHA-256 of its bytes
    path: str  # the first place it is at, as it is told
    width: int
    height: int
    label: Together = ""
    answers: tuple[PersonLabel, ...] = ()
    score: float | None = None
    decision: str = ""
    version: int | None = None
    captions: tuple[str, ...] = ()
    given: str = ""  # the grade or class that people say together
    root: str = ""  # the folder that `path` is below and doesn't tell of

    @property
    def file(self) -> str:
        return f"{self.root}{self.path}"


@dataclass
class Written:
    """`left_out` pictures have no place in the format, or their file can't be read: why → how many."""

    pictures: int = 0
    left_out: dict[str, int] = field(default_factory=dict)

    def leave_out(self, why: str) -> None:
        self.left_out[why] = self.left_out.get(why, 0) + 1


class Format(Protocol):
    """Reads files of strangers: whatever is in them, a row is yielded, a `BadRow`, or `DiscernError` is
    raised."""

    method: ClassVar[Method]

    def recognises(self, path: Path) -> bool:
        """Whether the file or folder looks like this format; cheap, and never raises for its content."""

    def read(self, path: Path) -> Iterator[RawRow]:
        """Rows with columns of a label file: `id` or `path`, and what is known of `label`, `author`, … Any
        other column says something of the picture itself, such as its `caption`."""


@runtime_checkable
class WritableFormat(Format, Protocol):
    suffix: ClassVar[str]  # of the file that is written; empty where it is a folder

    def write(self, out: Path, pictures: Iterable[LabelledPicture], *, copies: bool = False) -> Written:
        """Writes pictures to `out`, which isn't there yet. With `copies`, a folder that holds pictures holds
        their bytes and not links. Raises `DiscernError`."""


def whole_json(path: Path) -> Any:
    """The document in a JSON file. Raises `DiscernError`."""
    with told(path):
        if path.stat().st_size > MOST_JSON:
            raise DiscernError(
                f"{path.name} has {path.stat().st_size / 1e6:,.0f} MB; of JSON at most "
                f"{MOST_JSON / 1e6:,.0f} MB are read. Split it."
            )
        content = read_regular(path, MOST_JSON, links=True)
    try:
        return json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise DiscernError(f"{path.name} is {why_no_json(error)}. Export it again.") from error


def why_no_json(error: ValueError | RecursionError) -> str:
    """Say why a text isn't JSON, in words that follow “it is”."""
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, UnicodeError | json.JSONDecodeError):
        return f"not JSON: {first_line(error)}"
    return f"not JSON: a number of more than {sys.get_int_max_str_digits():,} digits"


def require_readable(path: Path) -> None:
    """Raises `DiscernError` for a pipe or a device, which may keep its reader for ever."""
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise DiscernError(f"{path.name} is neither a file nor a folder, so nothing was read. Name one.")


def check_rows(count: int, path: Path, most: int | None = None) -> None:
    """Raises `DiscernError` for more than are read of a file."""
    if count > (most := most or MOST_ROWS):
        raise DiscernError(f"{path.name} has more than {most:,} rows. Split it.")


def start_of(path: Path, size: int = 1024**2) -> str:
    """The beginning of a file as text, empty where there is none."""
    try:
        with open_regular(path, links=True) as file:
            return file.read(size).decode("utf-8-sig", "replace").lstrip()
    except OSError:
        return ""


def write_json(path: Path, document: Any) -> None:
    with written(path) as part:
        part.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """A file to write, which is at `path` only once it is whole. Raises `DiscernError`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{shortened(path.name, 80)}-")
        os.close(handle)
        part = Path(name)
        try:
            yield part
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        if is_refusal(error):
            raise refused(error, path) from error
        raise DiscernError(f"{path} can't be written: {error.strerror or error}.") from error


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Says in words what the system says of a file that can't be read."""
    try:
        yield
    except FileNotFoundError as error:
        raise DiscernError(f"There is no file {path}. Check the spelling.") from error
    except OSError as error:
        raise DiscernError(f"{path} can't be read: {error.strerror or error}.") from error


def first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:300].rstrip(".")


def objects_in(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; of anything else none."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def object_of(value: Any) -> dict[str, Any]:
    """An object as it is; of anything else nothing."""
    return value if isinstance(value, dict) else {}


def text_of(value: Any) -> str:
    """A string as it is; of anything else nothing."""
    return value if isinstance(value, str) else ""


def columns_of(row: dict[str, Any], but: Collection[str] = ()) -> dict[str, Any]:
    """What can be kept of a picture's other columns: text, numbers and truths. Names that mean something of
    an answer in a label file mean nothing in a foreign one."""
    return {
        str(key): value
        for key, value in row.items()
        if isinstance(value, str | int | float)
        and not str(key).startswith("_")
        and key not in NO_COLUMNS_OF_PICTURES
        and key not in but
    }


def about(answer: PersonLabel) -> dict[str, str]:
    """What is known of a label beside its value."""
    return {name: kept for name, kept in vars(answer).items() if name != "value"}


def given_rows(number: int, place: dict[str, Any], answers: Any) -> Iterator[RawRow]:
    """The rows of answers that were written with their authors."""
    for answer in objects_in(answers):
        kept = {name: answer.get(name) for name in ABOUT}
        yield number, place | kept | {"label": answer.get("value", answer.get("label"))}
