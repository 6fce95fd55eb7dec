"""A library in a bucket, over HTTP: uploads go there, and what the bucket refuses is said in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from drawing import draw_folder
from fastapi.testclient import TestClient
from s3_service import KEY, SECRET, Service
from web_screens import Screens

from concepts.settings import Settings
from concepts.workbench import Workbench
from web.server import create_app


@pytest.fixture
def bucket(s3: Service) -> str:
    return s3.new_bucket()


@pytest.fixture
def bench(bucket: str, tmp_path: Path, tiny_open_clip: Path) -> Iterator[Workbench]:
    home, store = tmp_path / "home", f"s3://{bucket}/kept"
    bench = Workbench(Settings(home=home, store=store, encoder=f"local-dir:{tiny_open_clip}"))
    yield bench
    bench.close()


def test_uploads_go_into_the_bucket_and_a_refusal_is_a_problem_that_shows_no_key(
    bench: Workbench, bucket: str, s3: Service, tmp_path: Path
) -> None:
    http = TestClient(create_app(bench), base_url="http://127.0.0.1:7860")
    batch = http.post("/uploads").json()["batch"]
    for file in sorted(draw_folder(tmp_path / "drawn", 3).iterdir()):
        assert http.put(f"/uploads/{batch}/{file.name}", content=file.read_bytes()).status_code == 200
    bench.jobs.resume(bench.library.add_uploads(batch).id)
    assert len(s3.kept(f"{bucket}/kept/uploads")) == 3
    assert not [path for path in (tmp_path / "home" / "uploads").rglob("*") if path.is_file()]
    picture, other = (one.id for one in bench.library.pictures(limit=2).pictures)
    for size in ("thumbnail", "picture"):
        assert http.get(f"/media/{size}/{picture}").headers["content-type"] == "image/webp"

    s3.refuse()
    refused = http.get(f"/media/thumbnail/{other}")
    assert refused.status_code == 503
    assert refused.json()["type"].endswith("#storage")
    assert "AWS_ACCESS_KEY_ID" in refused.json()["detail"]
    assert not [word for word in (KEY, SECRET) if word in refused.text]
    s3.let_in()

    bench.trash.put(pictures=[picture], author="ana")
    assert bench.trash.empty(author="ana").wait().uploads == 1
    assert len(s3.kept(f"{bucket}/kept/uploads")) == 2


@pytest.mark.parametrize(
    ("settings", "stays", "uploads_go_to", "pictures_are"),
    [
        ({}, True, "Discern’s data folder.", "on this computer"),
        ({"store": "s3://bucket/kept"}, False, "s3://bucket/kept.", "in your library"),
        ({"engine": "ray://head:10001"}, False, "Discern’s data folder.", "on this computer"),
    ],
)
def test_what_is_kept_elsewhere_is_not_said_to_stay_on_this_computer(
    tmp_path: Path, settings: dict[str, str], stays: bool, uploads_go_to: str, pictures_are: str
) -> None:
    bench = Workbench(Settings(home=tmp_path / "home", **settings))  # type: ignore[arg-type]
    screens = Screens(bench)
    shown = screens.load("")
    assert ("nothing leaves this computer" in "".join(shown.values())) == stays
    assert pictures_are in shown["rail"]
    assert f"Copied to {uploads_go_to}" in "".join(screens.load("library").values())
    bench.close()
