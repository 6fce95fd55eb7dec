"""Files of other tools over REST: what is in them is shown first, and words are given a meaning."""

from __future__ import annotations

import io
import itertools
import json
import zipfile
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

NUMBERS = itertools.count()


@pytest.fixture
def concept(api: TestClient) -> str:
    name = f"Of a file {next(NUMBERS)}"
    assert api.post("concepts", json={"name": name, "description": "A filled ellipse."}).status_code == 201
    return name


def rooms(drawn: Path) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number, word in ((0, "messy"), (3, "messy"), (6, "clean")):
            archive.write(drawn / f"ellipse-{number:04}.png", f"rooms/{word}/{number}.png")
        archive.writestr("rooms/clean/other.png", (drawn / "ellipse-0000.png").read_bytes() + b"\0")
    return out.getvalue()


@pytest.mark.slow
def test_words_are_previewed_asked_for_and_taken_as_they_are_meant(
    api: TestClient, concept: str, drawn: Path
) -> None:
    preview = api.post(f"concepts/{concept}/labels/preview?file=rooms.zip", content=rooms(drawn))
    found = preview.json()
    assert (found["format"], found["pictures"], found["unknown_pictures"]) == ("image-folder", 3, 1)
    words = {word["word"]: (word["rows"], word["means"]) for word in found["words"]}
    assert words == {"messy": (2, ""), "clean": (2, "")}
    address = f"concepts/{concept}/labels/import?file=rooms.zip&as=messy=yes"
    refused = api.post(address, content=rooms(drawn))
    assert refused.status_code == 422
    assert refused.json()["type"].endswith("#unknown-words")
    assert refused.json()["errors"] == [{"where": "clean", "what": "2 rows"}]
    assert api.get(f"concepts/{concept}/labels").json() == []
    taken = api.post(f"{address}&as=clean=no", content=rooms(drawn)).json()
    assert (taken["imported"], taken["unknown_pictures"], taken["bad"]) == (3, 1, 1)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a\0b.csv", "", "x" * 255, "…/labels.csv", ".hidden.csv"]
)
def test_a_file_may_be_called_anything(api: TestClient, concept: str, drawn: Path, name: str) -> None:
    row = json.dumps({"path": str(drawn / "ellipse-0000.png"), "label": "yes"}).encode()
    answer = api.post(
        f"concepts/{concept}/labels/preview", params={"file": name, "format": "jsonl"}, content=row
    )
    assert answer.json()["pictures"] == 1, answer.text


def test_headings_that_say_nothing_are_asked_for_and_first_rows_are_shown(
    api: TestClient, concept: str, drawn: Path
) -> None:
    table = f"file;verdict\n{drawn / 'ellipse-0000.png'};yes\n{drawn / 'ellipse-0003.png'};no\n".encode()
    address = f"concepts/{concept}/labels"
    refused = api.post(f"{address}/preview?file=a.csv", content=table)
    assert (refused.status_code, refused.json()["type"]) == (422, "/api/v1/docs#unknown-columns")
    assert refused.json()["errors"][1] == {"where": "verdict", "what": "yes, no"}
    columns = "file=a.csv&column=path=file&column=label=Verdict"
    found = api.post(f"{address}/preview?{columns}", content=table).json()
    assert found["first_rows"][1] == {"path": str(drawn / "ellipse-0003.png"), "label": "no"}
    assert (found["pictures"], api.get(address).json()) == (2, [])
    assert api.post(f"{address}/import?{columns}", content=table).json()["imported"] == 2
    missing = api.post(f"{address}/preview?file=a.csv&column=path=x&column=label=verdict", content=table)
    assert "has no column “x”" in missing.json()["detail"]
