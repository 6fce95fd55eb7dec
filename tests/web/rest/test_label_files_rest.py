"""Files of other tools over REST: what is in them is shown first, and words are given a meaning."""

from __future__ import annotations

import io
import itertools
import json
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient

from concepts.labelling.formats import written_formats
from concepts.workbench import Workbench
from storage.labels import Author
from storage.pictures.hashing import picture_id

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


@pytest.mark.parametrize("format", written_formats())
def test_what_is_exported_is_imported_again(
    api: TestClient, workbench: Workbench, concept: str, drawn: Path, format: str
) -> None:
    for number, value in ((0, "yes"), (3, "yes"), (6, "no")):
        known = picture_id((drawn / f"ellipse-{number:04}.png").read_bytes())
        workbench.answers.label(concept, known, value, author=Author("me"), key=f"{concept} {number}")
    exported = api.get(f"concepts/{concept}/labels/export?format={format}")
    assert exported.status_code == 200, exported.text
    assert "attachment" in exported.headers["content-disposition"]
    again = f"{concept} again"
    api.post("concepts", json={"name": again, "description": "A filled ellipse."})
    # FiftyOne's folder comes as a zip archive, of which the file with the samples is what is given back
    content, name = (
        exported.content,
        exported.headers["content-disposition"].rpartition('"')[0].rpartition('"')[2],
    )
    if format == "fiftyone":
        archive = zipfile.ZipFile(io.BytesIO(content))
        content = archive.read(next(n for n in archive.namelist() if n.endswith("samples.json")))
        name = "samples.json"
    answer = api.post(f"concepts/{again}/labels/import?file={name}", content=content)
    assert answer.json()["imported"] == 3, answer.text
    values = [
        {(row["id"], row["label"]) for row in api.get(f"concepts/{c}/labels").json()}
        for c in (concept, again)
    ]
    assert values[0] == values[1]


def test_scores_before_there_is_a_version_are_refused(api: TestClient, concept: str) -> None:
    assert api.get(f"concepts/{concept}/labels/export?format=coco&what=scores").status_code == 404


def test_captions_are_kept_shown_and_found(api: TestClient, drawn: Path) -> None:
    known = picture_id((drawn / "ellipse-0000.png").read_bytes())
    out = io.BytesIO()
    table: dict[str, list[Any]] = {
        "url": ["u"],
        "caption": ["A round Thing"],
        "sha256": [known],
        "punsafe": [0.5],
    }
    pq.write_table(pa.table(table), out)
    kept = api.post("library/captions?file=00000.parquet", content=out.getvalue()).json()
    assert (kept["kept"], kept["columns"]) == (3, {"caption": 1, "url": 1, "punsafe": 1})
    columns = api.get(f"library/pictures/{known}").json()["columns"]
    assert columns[0] == {"name": "caption", "value": "A round Thing", "file": "00000.parquet"}
    found = api.get("library/captions", params={"text": "thing ROUND"}).json()
    assert [(hit["id"], hit["caption"]) for hit in found] == [(known, "A round Thing")]


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
