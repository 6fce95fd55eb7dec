"""A library in a bucket, over HTTP: uploads go there, and what the bucket refuses is said in words."""

from __future__ import annotations

from pathlib import Path

from drawing import draw_folder
from s3_service import KEY, SECRET, Service
from web_screens import browser

from concepts.results.library import add_uploads, browse
from concepts.results.trash import empty_trash, put_into_trash
from concepts.rooms import open_app
from concepts.settings import Settings
from web.server import create_service


def test_uploads_go_into_the_bucket_and_a_refusal_is_a_problem_that_shows_no_key(
    s3: Service, tmp_path: Path, tiny_open_clip: Path
) -> None:
    bucket, home = s3.new_bucket(), tmp_path / "home"
    store, encoder = f"s3://{bucket}/kept", f"local-dir:{tiny_open_clip}"
    bench = open_app(Settings(home=home, store=store, encoder=encoder))
    http = browser(create_service(bench))
    batch = http.post("/uploads").json()["batch"]
    for file in sorted(draw_folder(tmp_path / "drawn", 3).iterdir()):
        assert http.put(f"/uploads/{batch}/{file.name}", content=file.read_bytes()).status_code == 200
    bench.jobs.resume(add_uploads(bench, batch).id)
    assert len(s3.kept(f"{bucket}/kept/uploads")) == 3
    assert not [path for path in (home / "uploads").rglob("*") if path.is_file()]
    picture, other = (one.id for one in browse(bench, limit=2).pictures)
    for size in ("thumbnail", "picture"):
        assert http.get(f"/media/{size}/{picture}").headers["content-type"] == "image/webp"

    s3.refuse()
    refused = http.get(f"/media/thumbnail/{other}")
    assert refused.status_code == 503
    assert refused.json()["type"].endswith("#storage")
    assert "AWS_ACCESS_KEY_ID" in refused.json()["detail"]
    assert not [word for word in (KEY, SECRET) if word in refused.text]
    s3.let_in()

    put_into_trash(bench, pictures=[picture], author="ana")
    assert bench.begin(empty_trash, author="ana").wait().uploads == 1
    assert len(s3.kept(f"{bucket}/kept/uploads")) == 2
    bench.close()
