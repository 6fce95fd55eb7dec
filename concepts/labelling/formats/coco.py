"""COCO-style JSON: pictures, categories, and an annotation a decision, over the whole picture.

Read is any COCO file: what is drawn in a picture says of the picture what it is called; captions are kept.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar, Final

from concepts.errors import DiscernError
from concepts.labelling.formats.base import (
    ANOTHER,
    CAPTION,
    LabelledPicture,
    Written,
    given_rows,
    object_of,
    objects_in,
    start_of,
    text_of,
    whole_json,
    write_json,
)
from concepts.labelling.rows import BadRow, RawRow
from concepts.registry import Method
from storage.label_queries import VALUES

_PARTS: Final = re.compile(r'"(images|annotations|categories)"\s*:')
_CATEGORIES: Final[dict[str, int]] = {name: number for number, name in enumerate(VALUES, start=1)}


class Coco:
    method: ClassVar[Method] = Method(
        "coco", "COCO-style JSON with a category a picture.", "cocodataset.org, data format"
    )
    suffix: ClassVar[str] = ".json"

    def recognises(self, path: Path) -> bool:
        if path.suffix.lower() != ".json" or not path.is_file():
            return False
        start = start_of(path)
        return start.startswith("{") and _PARTS.search(start) is not None

    def read(self, path: Path) -> Iterator[RawRow]:
        parts = object_of(whole_json(path))
        images = parts.get("images")
        if not isinstance(images, list):
            raise DiscernError(f"{path.name} is no COCO file: it has no list of images. {ANOTHER}")
        names = _by_id(objects_in(parts.get("categories")), lambda one: text_of(one.get("name")))
        places = _by_id(objects_in(images), _place)
        said: dict[Any, list[dict[str, Any]]] = defaultdict(list)
        for annotation in objects_in(parts.get("annotations")):
            said[_key(annotation.get("image_id"))].append(annotation)
        for number, image in enumerate(images, start=1):
            if not isinstance(image, dict):
                yield number, BadRow(number, "not a JSON object")
                continue
            key = _key(image.get("id"))
            about = [] if key is None else said.pop(key, [])
            if key is not None and places[key] is None:
                yield number, BadRow(number, "another image has its id")
                continue
            place = _place(image)
            captions = [text_of(one.get(CAPTION)) for one in about] + [text_of(image.get(CAPTION))]
            if any(captions):
                place[CAPTION] = "\n".join(filter(None, captions))
            rows: list[RawRow] = []
            for one in about:
                rows += given_rows(number, place, one.get("answers"))
            if not rows:
                keys = {_key(one["category_id"]): None for one in about if "category_id" in one}
                called = {word: None for key in keys if (word := names.get(key)) is not None}
                rows = [(number, place | {"label": word}) for word in called]
                if not names.keys() >= keys.keys():
                    rows.append((number, BadRow(number, "a category that the file doesn't name")))
                if any(names.get(key, "") is None for key in keys):
                    rows.append((number, BadRow(number, "a category that the file names twice")))
            yield from rows or [(number, place)]
        lost = sum(map(len, said.values()))
        if lost:
            number = len(images) + 1
            yield number, BadRow(number, f"{lost} annotations of images that the file doesn't have")

    def write(self, out: Path, pictures: Iterable[LabelledPicture], *, copies: bool = False) -> Written:
        images: list[dict[str, Any]] = []
        annotations: list[dict[str, Any]] = []
        for number, picture in enumerate(pictures, start=1):
            image: dict[str, Any] = {
                "id": number,
                "file_name": picture.path,
                "width": picture.width,
                "height": picture.height,
                "discern_id": picture.id,
            }
            if picture.score is not None:
                image |= {"score": picture.score, "decision": picture.decision, "version": picture.version}
            if picture.captions:
                image[CAPTION] = "\n".join(picture.captions)
            images.append(image)
            if picture.label in VALUES or picture.answers:
                annotations.append(_annotation(len(annotations) + 1, number, picture))
        names = [*VALUES, "conflict"]
        write_json(
            out,
            {
                "info": {"description": "Labels of Discern: bbox is the whole picture."},
                "licenses": [],
                "images": images,
                "annotations": annotations,
                "categories": [{"id": number, "name": name} for number, name in enumerate(names, start=1)],
            },
        )
        return Written(len(images))


def _place(image: dict[str, Any]) -> dict[str, Any]:
    return {"id": text_of(image.get("discern_id")), "path": text_of(image.get("file_name"))}


def _by_id(objects: list[dict[str, Any]], read: Callable[[dict[str, Any]], Any]) -> dict[Any, Any]:
    """The key of each object → what is read of it; None where two objects of one key differ."""
    found: dict[Any, Any] = {}
    for one in objects:
        key, value = _key(one.get("id")), read(one)
        if key is not None:
            found[key] = value if found.setdefault(key, value) == value else None
    return found


def _key(value: Any) -> Any:
    """Numbers and texts name something; anything else names nothing."""
    return value if isinstance(value, int | str) and not isinstance(value, bool) else None


def _annotation(number: int, image: int, picture: LabelledPicture) -> dict[str, Any]:
    return {
        "id": number,
        "image_id": image,
        "category_id": _CATEGORIES.get(picture.label, len(VALUES) + 1),
        "bbox": [0, 0, picture.width, picture.height],
        "area": picture.width * picture.height,
        "iscrowd": 0,
        "answers": [vars(answer) for answer in picture.answers],
    }
