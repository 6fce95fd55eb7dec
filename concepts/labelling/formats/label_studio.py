"""Label Studio: a list of tasks with annotations (of people) and predictions (of a version).

Tasks name pictures as `/data/local-files/?d=…`, which Label Studio serves where its storage root is `/`. The
labelling configuration that fits is `CONFIG`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar, Final
from urllib.parse import parse_qs, quote, unquote, urlsplit

from concepts.errors import DiscernError
from concepts.labelling.formats.base import (
    ANOTHER,
    CAPTION,
    LabelledPicture,
    Written,
    about,
    columns_of,
    object_of,
    objects_in,
    start_of,
    text_of,
    whole_json,
    write_json,
)
from concepts.labelling.rows import BadRow, RawRow
from concepts.registry import Method

CONTROL, OBJECT = "answer", "image"
CONFIG: Final = (
    '<View><Image name="image" value="$image"/><Choices name="answer" toName="image" choice="single">'
    '<Choice value="yes"/><Choice value="no"/><Choice value="unsure"/><Choice value="skip"/>'
    "</Choices></View>"
)
LOCAL_FILES: Final = "/data/local-files/"


class LabelStudio:
    method: ClassVar[Method] = Method(
        "label-studio",
        "Tasks for Label Studio, with labels as annotations and scores as predictions.",
        "labelstud.io, import of pre-annotated tasks",
    )
    suffix: ClassVar[str] = ".json"

    def recognises(self, path: Path) -> bool:
        return path.suffix.lower() == ".json" and path.is_file() and start_of(path, 200).startswith("[")

    def read(self, path: Path) -> Iterator[RawRow]:
        tasks = whole_json(path)
        if not isinstance(tasks, list):
            raise DiscernError(f"{path.name} is no Label Studio file: it has no list of tasks. {ANOTHER}")
        for number, task in enumerate(tasks, start=1):
            if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
                yield number, BadRow(number, "not a task: it has no data")
                continue
            data = task["data"]
            place = {"id": text_of(data.get("discern_id")), "path": _place(data)}
            place |= columns_of(data, ("discern_id", _picture_key(data)))
            annotations = objects_in(task.get("annotations"))
            rows = [(number, place | said) for annotation in annotations for said in _said(annotation)]
            yield from rows or [(number, place)]

    def write(self, out: Path, pictures: Iterable[LabelledPicture], *, copies: bool = False) -> Written:
        tasks = [_task(number, picture) for number, picture in enumerate(pictures, start=1)]
        write_json(out, tasks)
        return Written(len(tasks))


def _said(annotation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    author = _author(annotation.get("completed_by"))
    about = {"author": author, "created": annotation.get("created_at")}
    for region in objects_in(annotation.get("result")):
        if region.get("type") == "choices":
            ours = object_of(object_of(region.get("meta")).get("discern"))
            choices = object_of(region.get("value")).get("choices")
            for choice in choices if isinstance(choices, list) else []:
                yield about | ours | {"label": text_of(choice)}


def _author(completed_by: Any) -> str:
    """Who annotated: exports name them by number, or with their address."""
    if isinstance(completed_by, dict):
        return text_of(completed_by.get("email")) or text_of(completed_by.get("username"))
    is_number = isinstance(completed_by, int) and not isinstance(completed_by, bool)
    return f"Label Studio {completed_by}" if is_number else ""


def _picture_key(data: dict[str, Any]) -> str:
    """The field that holds the picture: by its usual name, else the first text."""
    if isinstance(data.get(OBJECT), str):
        return OBJECT
    return next((name for name, value in data.items() if isinstance(value, str) and "/" in value), "")


def _place(data: dict[str, Any]) -> str:
    address = text_of(data.get(_picture_key(data)))
    try:
        parts = urlsplit(address)
    except ValueError:  # such as half of an IPv6 address
        return ""
    if parts.path == LOCAL_FILES:
        inside = parse_qs(parts.query).get("d", [""])[0]
        return f"/{inside}" if inside and not inside.startswith("/") else inside
    return unquote(parts.path) if parts.scheme == "file" else address


def _task(number: int, picture: LabelledPicture) -> dict[str, Any]:
    address = f"{LOCAL_FILES}?d={quote(picture.path.lstrip('/'))}"
    data: dict[str, Any] = {OBJECT: address, "discern_id": picture.id}
    if picture.captions:
        data[CAPTION] = "\n".join(picture.captions)
    task: dict[str, Any] = {"id": number, "data": data}
    task["annotations"] = [
        {
            "result": [_choice(picture, answer.value) | {"meta": {"discern": about(answer)}}],
            "was_cancelled": False,
            "ground_truth": False,
        }
        for answer in picture.answers
    ]
    task["predictions"] = []
    if picture.score is not None:
        task["predictions"] = [
            {
                "model_version": f"version {picture.version}",
                "score": picture.score,
                "result": [_choice(picture, picture.decision)],
            }
        ]
    return task


def _choice(picture: LabelledPicture, value: str) -> dict[str, Any]:
    return {
        "id": picture.id[:10],
        "from_name": CONTROL,
        "to_name": OBJECT,
        "type": "choices",
        "value": {"choices": [value]},
    }
