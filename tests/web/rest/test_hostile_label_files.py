"""Label files of strangers: whatever is in them, the answer says what is wrong, and nothing is half kept."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from concepts.labelling.formats import writable
from concepts.labelling.formats.base import LabelledPicture, PersonLabel

JSON = ("coco", "label-studio", "fiftyone", "jsonl")
SAMPLES = "samples.json"  # of FiftyOne's folder


@pytest.fixture(scope="module")
def address(api: TestClient) -> str:
    api.post("concepts", json={"name": "Hostile", "description": "A filled ellipse."})
    return "concepts/Hostile/labels"


@pytest.fixture(scope="module")
def valid(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A file of each format as a document."""
    answers = (PersonLabel("yes", "ana", comment="round", split="train"), PersonLabel("yes", "ben"))
    pictures = [
        LabelledPicture("", str(path), 96, 96, "yes", answers, 0.7, "yes", 1, ("a ball",))
        for path in sorted(drawn.glob("ellipse-*.png"))[:2]
    ]
    folder, found = tmp_path_factory.mktemp("valid"), {}
    for name in JSON:
        out = folder / f"{name}{writable(name).suffix}"
        writable(name).write(out, pictures)
        text = (out / SAMPLES if out.is_dir() else out).read_text()
        found[name] = [*map(json.loads, text.splitlines())] if name == "jsonl" else json.loads(text)
    return found


def as_file(name: str, document: Any) -> bytes:
    lines = document if name == "jsonl" and isinstance(document, list) else [document]
    return "\n".join(map(json.dumps, lines)).encode()


def refusal(api: TestClient, address: str, name: str, content: bytes) -> str:
    """Why a file isn't taken, in words; empty where it is. Neither a preview nor a refused file keeps
    anything."""
    before = api.get(address, params={"limit": 1000}).json()
    asked: dict[str, Any] = {"params": {"format": name, "file": f"a.{name}"}, "content": content}
    previewed = api.post(f"{address}/preview", **asked)
    assert previewed.status_code in (200, 422), previewed.text
    assert api.get(address, params={"limit": 1000}).json() == before
    taken = api.post(f"{address}/import", **asked)
    assert taken.status_code in (200, 422), taken.text
    if taken.status_code == 200:
        return ""
    assert api.get(address, params={"limit": 1000}).json() == before
    return str(taken.json()["detail"])


def places_in(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield above
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places_in(inner, (*above, key))


def replaced(document: Any, at: tuple[Any, ...], value: Any) -> Any:
    if not at:
        return value
    changed = copy.deepcopy(document)
    inside = changed
    for key in at[:-1]:
        inside = inside[key]
    inside[at[-1]] = value
    return changed


NUMBERS = (None, True, 0, -1, 2**63, 10**400, 1.5, math.nan, math.inf)
TEXTS = ("", "\0", "\ud800", "x" * 5000, "yes", "no")
PLACES = ("/etc/passwd", "../../etc/passwd", "~/a.png", "https://a.test/a.png?Signature=b", "http://[::1")
PLACES += ("file:///%00", "/data/local-files/?d=../../etc/passwd", "s3://b/a.png")
anything = st.sampled_from([*NUMBERS, *TEXTS, *PLACES, [], [[]], [None], {}, {"": []}])


@pytest.mark.parametrize("name", JSON)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_a_value_of_a_file_is_replaced_by_the_answer_is_a_result_or_a_sentence(
    api: TestClient, address: str, valid: dict[str, Any], name: str, data: st.DataObject
) -> None:
    at = data.draw(st.sampled_from(list(places_in(valid[name]))))
    changed = replaced(valid[name], at, data.draw(anything))
    why = refusal(api, address, name, as_file(name, changed))
    assert why == "" or why.endswith(".")


DEEP, DEEPER = 10_000, 100_000
NO_FILES = [
    ("", "is not JSON"),
    ("path,label", "is not JSON"),
    ('{"images": [{"id": 1', "is not JSON"),
    ("[" * DEEPER, "nested too deeply"),
    ('{"a":' * DEEP, "nested too deeply"),
    ("[" * DEEP + "]" * DEEP, "nested too deeply"),
    ("1" * 5000, "a number of more than"),
    ("NaN", "it has no list"),
    ('"a"', "it has no list"),
    ("{}", "it has no list"),
    ('{"images": {"a": 1}, "samples": {"a": 1}, "version": "0.1"}', "it has no list"),
]


EMPTY = {"label-studio": "[]", "fiftyone": '{"samples": []}', "jsonl": "", "csv": "path,label\n"}


@pytest.mark.parametrize("name", ["coco", "label-studio", "fiftyone"])
def test_what_is_no_file_of_a_format_is_refused_with_what_is_wrong_and_what_to_do(
    api: TestClient, address: str, name: str
) -> None:
    for content, why in NO_FILES:
        said = refusal(api, address, name, content.encode())
        assert why in said, content[:100]
        assert said.endswith(("Export it again.", "Choose another format."))


def test_a_file_that_names_no_picture_is_refused(api: TestClient, address: str) -> None:
    for name, content in EMPTY.items():
        assert refusal(api, address, name, content.encode()).startswith("No picture is named in "), name


IMAGE = {"id": 1, "file_name": "PLACE"}
YES, NO = {"id": 1, "name": "yes"}, {"id": 2, "name": "no"}
SAID = {"image_id": 1, "category_id": 1}
MASK = {"size": [10**9, 10**9], "counts": [10**9] * 1000}
ONES_THAT_DO_NOT_FIT = [
    ([IMAGE], [YES], [SAID | {"category_id": 7}], "a category that the file doesn't name"),
    ([IMAGE], [YES], [SAID | {"category_id": None}], "a category that the file doesn't name"),
    ([IMAGE], [YES | {"id": None}], [SAID | {"category_id": [1]}], "a category that the file doesn't name"),
    ([IMAGE], [YES, NO | {"id": 1}], [SAID], "a category that the file names twice"),
    ([IMAGE], [YES], [SAID | {"image_id": 7}], "annotations of images that the file doesn't have"),
    ([{"file_name": "PLACE"}], [YES], [SAID | {"image_id": None}], "images that the file doesn't have"),
    ([IMAGE, IMAGE | {"file_name": "b.png"}], [YES], [SAID], "another image has its id"),
    ([IMAGE], [YES, NO], [SAID, SAID | {"category_id": 2}], "says no of a picture of which row 1 says yes"),
    ([IMAGE | {"file_name": "/etc/passwd"}], [YES], [SAID], "no picture of the library: /etc/passwd"),
    ([IMAGE | {"file_name": "a\0.png"}], [YES], [SAID], "characters that are no text"),
    ([IMAGE], [YES], [SAID | {"segmentation": MASK}], ""),
]


def test_annotations_that_name_nothing_or_two_things_label_no_picture(
    api: TestClient, address: str, drawn: Path
) -> None:
    place = str(drawn / "ellipse-0000.png")
    for *lists, why in ONES_THAT_DO_NOT_FIT:
        file = json.dumps(dict(zip(("images", "categories", "annotations"), lists, strict=True)))
        said = refusal(api, address, "coco", file.replace("PLACE", place).encode())
        assert why in said
        assert bool(said) == bool(why)
