"""The whole job over PostgreSQL, a bucket and a Ray of two workers, on one computer: pictures that lie in the
bucket, from adding to scores.

The person is simulated: a drawing counts if its file is called ellipse.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from answering import answer
from drawing import draw_folder
from not_run import not_run
from postgres import Server
from s3_service import Service

from concepts.installation.jobs import keep_log
from concepts.labelling.labels import next_pictures
from concepts.labelling.mining import mine
from concepts.results.concepts import begin_concept
from concepts.results.library import import_pictures
from concepts.results.scores import score_page
from concepts.results.trained import train
from concepts.rooms import open_app
from concepts.settings import load_settings

NAME, PICTURES = "Round thing", 120
LOCAL = {"bundles", "cache", "logs", "scores", "secrets.json", "secrets.lock", "staging", "vectors"}


@pytest.mark.slow
def test_the_whole_job_on_postgresql_a_bucket_and_ray(
    postgres: Server, s3: Service, own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if find_spec("ray") is None:
        not_run("work on Ray", "The package ray is not installed: pip install -r requirements-ray.txt.")
    bucket = s3.new_bucket()
    for file in draw_folder(tmp_path / "drawn", PICTURES).iterdir():
        s3.put(f"{bucket}/photos/{file.name}", file.read_bytes())
    monkeypatch.setenv("DISCERN_DATABASE_URL", postgres.new_database())
    monkeypatch.setenv("DISCERN_STORE", f"s3://{bucket}/kept")
    monkeypatch.setenv("DISCERN_ENGINE", "ray")
    monkeypatch.setenv("RAY_OVERRIDE_RESOURCES", '{"CPU": 2}')
    bench = open_app(load_settings(encoder="embedded"))
    keep_log(bench)

    assert import_pictures(bench, [Path(f"s3://{bucket}/photos")]).wait().added == PICTURES
    assert "connecting to Ray (local)" in (own_home / "logs" / "discern.log").read_text()
    small = s3.kept(f"{bucket}/kept/thumbnails")
    assert len(small) == PICTURES
    assert all(content[8:12] == b"WEBP" for content in small.values())

    concept = begin_concept(bench, NAME, "A filled ellipse, not a rectangle.")
    concept.begin(mine).wait()
    answer(bench, NAME, [picture.id for picture in next_pictures(concept, 40)])
    concept.begin(train).wait()
    best = score_page(concept, "top", limit=24).pictures
    assert sum("ellipse" in picture.path for picture in best) > 12
    assert all(picture.path.startswith(f"s3://{bucket}/") for picture in best)
    bench.close()

    files = [path.relative_to(own_home) for path in own_home.rglob("*") if path.is_file()]
    assert {file.parts[0] for file in files} <= LOCAL  # in `vectors` lies the copy that is mapped into memory
    assert not [file for file in files if ".lance" in str(file)]
    assert not [file for file in files if file.parts[0] == "staging" and file.suffix == ".arrow"]
    assert [key for key in s3.kept(f"{bucket}/kept/vectors") if ".lance/" in key]
