"""`discern push`, against a stand-in of the Hub on this computer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import bare_python
import bundles
import numpy as np
import pytest
import yaml
from local_hub import LocalHub
from PIL import Image

from concepts.bundle.check import check_bundle
from concepts.bundle.hub import push_bundle
from concepts.errors import DiscernError

ROOT = Path(__file__).parents[2]
Python = Callable[..., bare_python.Done]


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with LocalHub() as running:
        yield running


@pytest.fixture
def python(hub: LocalHub, tmp_path: Path) -> Python:
    """A process that knows no other hub than this one."""
    known = {"HOME": str(tmp_path), "HF_HOME": str(tmp_path / "hf"), "HF_ENDPOINT": hub.url}
    known |= {"HF_HUB_DISABLE_XET": "1", "HF_TOKEN": hub.token}
    return lambda *arguments, cwd=ROOT, **changes: bare_python.python(*arguments, cwd=cwd, **known | changes)


@pytest.fixture
def push(python: Python) -> Python:
    return lambda bundle, *arguments, **changes: python(
        "-m", "discern", "push", str(bundle), "hf:ana/messy-room", *arguments, **changes
    )


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    head = bundles.make_head(np.arange(8) - 3.0)
    graph = bundles.small_graph()
    return bundles.write_one(tmp_path / "messy-room", head, bundles.make_facts(head), None, graph)


def test_the_files_are_there_three_lines_load_them_and_a_second_push_replaces_those_that_are_ours(
    hub: LocalHub, push: Python, python: Python, bundle: Path, tmp_path: Path
) -> None:
    zipped = bundle.with_name("messy-room.zip")
    done = push(zipped, "--licence", "cc-by-4.0", "--private", "--json")
    assert done.returncode == 0, done.stderr
    pushed, there = json.loads(done.stdout), hub.repositories["ana/messy-room"]
    assert set(there) == {file.name for file in bundle.iterdir()}
    assert pushed["address"] == f"{hub.url}/ana/messy-room"
    assert hub.private["ana/messy-room"]
    _, matter, _ = there["README.md"].decode().split("---\n", 2)
    about = yaml.safe_load(matter)
    assert (about["license"], about["pipeline_tag"]) == ("cc-by-4.0", "image-classification")
    assert about["library_name"] == "discern"
    unchanged = set(there) - {"README.md", "SHA256SUMS"}
    assert all(there[name] == (bundle / name).read_bytes() for name in unchanged)
    downloaded = tmp_path / "downloaded"
    downloaded.mkdir()
    for name, content in there.items():
        (downloaded / name).write_bytes(content)
    assert check_bundle(downloaded).problems == ()
    card = (downloaded / "README.md").read_text()
    code = re.findall(r"## From the Hub\n\n```python\n(.*?)\n```", card, re.S)[0]
    assert len(code.splitlines()) == 3
    place = tmp_path / "elsewhere"
    (place / "pictures").mkdir(parents=True)
    Image.new("RGB", (8, 8), "red").save(place / "pictures" / "red.png")
    done = python("-P", "-c", code, cwd=place)
    assert done.returncode == 0, done.stderr
    assert re.search(r"red\.png.*messy room.*probability=0\.", done.stdout)
    there |= {"notes.md": b"mine", "2-scores.png": b"of an older one"}
    head = bundles.make_head(np.ones(8))
    other = bundles.write_one(tmp_path / "other", head, bundles.make_facts(head), None)
    assert push(other).returncode == 0
    left = set(hub.repositories["ana/messy-room"])
    assert left == {file.name for file in other.iterdir()} | {"notes.md"}
    assert len(hub.commits) == 2


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"HF_TOKEN": "hf_wrong"}, "your token may not write there"),
        ({"HF_ENDPOINT": "http://127.0.0.1:9"}, "can't be reached"),
    ],
)
def test_what_the_hub_does_not_take_is_said(
    push: Python, bundle: Path, changes: dict[str, str], why: str
) -> None:
    done = push(bundle, **changes)
    assert done.returncode == 1
    assert why in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_what_cannot_be_published_is_refused_before_anybody_is_asked(bundle: Path) -> None:
    with pytest.raises(DiscernError, match="hf:USER/NAME"):
        push_bundle(bundle, "elsewhere")
    with pytest.raises(DiscernError, match="no licence as the Hub spells them"):
        push_bundle(bundle, "hf:ana/messy-room", licence="a b")
    (bundle / "scorer.py").write_text("changed")
    with pytest.raises(DiscernError, match="not as it was written"):
        push_bundle(bundle, "hf:ana/messy-room")
