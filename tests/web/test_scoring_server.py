"""`discern serve`, as a process of its own that can import no more than its image has."""

from __future__ import annotations

import http.client
import io
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import bundles
import numpy as np
import pytest
from patience import PATIENCE
from PIL import Image
from prometheus_client.parser import text_string_to_metric_families

from concepts.bundle.check import bundle_digest
from concepts.bundle.decisions import Zones, zone_of, zones_of
from concepts.bundle.heads import BundleHead
from concepts.bundle.load import load_bundle
from concepts.bundle.write import BundlePart, write_bundle
from concepts.errors import ChangedBundleError, DiscernError
from web.scorer.app import MOST_BYTES
from web.scorer.serve import TOKEN
from web.scorer.served import Served, load_all

COMMAND = [sys.executable, str(Path(__file__).parent / "scorer_only.py"), "serve"]
ENVIRONMENT = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(2)
    parts = []
    for name in ("messy room", "people"):
        line = bundles.make_head(4 * rng.normal(size=8), bias=0.0, threshold=0.6)
        parts.append(BundlePart(BundleHead(line), bundles.make_facts(line, concept=name).concepts[0]))
    folder = tmp_path_factory.mktemp("served") / "rooms"
    return write_bundle(folder, parts, bundles.make_encoder(8), bundles.small_graph())


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("shown")
    pixels = np.random.default_rng(5).integers(0, 256, (4, 8, 8, 3)).astype(np.uint8)
    files = [folder / f"{number}.png" for number in range(4)]
    for file, picture in zip(files, pixels, strict=True):
        Image.fromarray(picture).save(file)
    return files


Start = Callable[..., str]


def begun(
    arguments: Sequence[str], anywhere: Path, environment: Mapping[str, str]
) -> tuple[subprocess.Popen[str], str]:
    """The process, and where it answers."""
    process = subprocess.Popen(
        [*COMMAND, *arguments, "--port", "0"],
        env=ENVIRONMENT | environment,
        cwd=anywhere,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.match(r"Answers at (http://\S+)/v1/classify", line)
    assert found, line + (process.stderr.read() if process.stderr else "")
    return process, found[1]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    running: list[subprocess.Popen[str]] = []

    def started(*arguments: str, **environment: str) -> str:
        process, url = begun(arguments, tmp_path_factory.mktemp("anywhere"), environment)
        running.append(process)
        return url

    yield started
    for process in running:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)


@pytest.fixture(scope="module")
def address(start: Start, bundle: Path) -> str:
    return start(str(bundle))


def asked(url: str, *, data: bytes | None = None, **headers: str) -> tuple[int, Any]:
    """Status and JSON, or text."""
    request = urllib.request.Request(url, data, {k.replace("_", "-"): v for k, v in headers.items()})
    try:
        with urllib.request.urlopen(request) as answer:
            status, content = answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        status, content = error.code, error.read().decode()
    return status, json.loads(content) if content.startswith(("{", "[")) else content


def classified(
    url: str, files: Sequence[tuple[str, bytes]], concepts: Sequence[str] = (), **headers: str
) -> Any:
    mark = uuid.uuid4().hex
    body = b""
    for name, content in files:
        about = f'--{mark}\r\nContent-Disposition: form-data; name="picture"; filename="{name}"\r\n\r\n'
        body += about.encode() + content + b"\r\n"
    for concept in concepts:
        body += f'--{mark}\r\nContent-Disposition: form-data; name="concept"\r\n\r\n{concept}\r\n'.encode()
    body += f"--{mark}--\r\n".encode()
    kind = f"multipart/form-data; boundary={mark}"
    return asked(f"{url}/v1/classify", data=body, Content_Type=kind, **headers)


def announced(url: str, size: int) -> str:
    """What is answered to a request of this size before any of its body."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"))
    connection.putrequest("POST", "/v1/classify")
    connection.putheader("Content-Length", str(size))
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 413
    return answer.read().decode()


def sent(files: Sequence[Path]) -> list[tuple[str, bytes]]:
    return [(file.name, file.read_bytes()) for file in files]


def test_a_batch_is_answered_in_its_order_as_the_bundle_says(
    address: str, bundle: Path, shown: list[Path]
) -> None:
    status, found = classified(address, [*sent(shown), ("none.jpg", b"none")])
    assert status == 200
    rows = np.stack([np.asarray(Image.open(file))[0, :, 0] for file in shown]).astype(np.float32)
    vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    expected = load_bundle(bundle).outputs(vectors)
    for row, picture in enumerate(found["pictures"][:4]):
        assert (picture["name"], picture["error"]) == (shown[row].name, None)
        assert [one["concept"] for one in picture["said"]] == ["messy room", "people"]
        said = [one["probability"] for one in picture["said"]]
        assert said == pytest.approx(expected.probability[row].tolist(), abs=1e-5)
        assert [one["decision"] == "yes" for one in picture["said"]] == expected.decision[row].tolist()
        odds = [p / (1 - p) / 1.5 for p in expected.probability[row]]  # of the threshold 0.6: 1.5
        zones = ["yes" if o >= 2 else "no" if o <= 0.5 else "look" for o in odds]
        assert [one["zone"] for one in picture["said"]] == zones
        assert {one["version"] for one in picture["said"]} == {2}
    last = found["pictures"][4]
    assert (last["said"], "not a JPEG" in last["error"]) == ([], True)


def test_one_concept_can_be_asked_for(address: str, shown: list[Path]) -> None:
    status, found = classified(address, sent(shown[:1]), ["people"])
    assert [one["concept"] for one in found["pictures"][0]["said"]] == ["people"]
    status, found = classified(address, sent(shown[:1]), ["cats"])
    assert (status, "no concept 'cats'" in found["detail"]) == (404, True)


def test_it_says_what_it_answers_for_and_how_it_is(address: str, bundle: Path) -> None:
    _, found = asked(f"{address}/v1/classifiers")
    assert [one["name"] for one in found[0]["concepts"]] == ["messy room", "people"]
    assert found[0]["fingerprint"] == load_bundle(bundle).facts.encoder.fingerprint
    assert asked(f"{address}/healthz")[1]["status"] == "ok"
    document = asked(f"{address}/openapi.json")[1]
    assert set(document["paths"]) == {"/healthz", "/readyz", "/v1/classifiers", "/v1/classify"}


def counted(url: str) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families(asked(f"{url}/metrics")[1])
    return {(s.name, *s.labels.values()): s.value for of in families for s in of.samples}


def test_prometheus_counts_pictures_decisions_and_requests(address: str, shown: list[Path]) -> None:
    before = counted(address)
    classified(address, [*sent(shown), ("none.jpg", b"none")])
    after = counted(address)
    assert after["discern_pictures_total", "answered"] - before["discern_pictures_total", "answered"] == 4
    grown = {key for key in after if after[key] > before.get(key, 0)}
    assert ("discern_pictures_total", "unreadable") in grown
    assert ("discern_requests_total", "/v1/classify", "200") in grown
    assert ("discern_request_seconds_count", "/v1/classify") in grown
    assert any(key[0] == "discern_decisions_total" for key in grown)


def test_what_is_too_much_or_from_elsewhere_is_refused(address: str, shown: list[Path]) -> None:
    assert classified(address, sent(shown) * 9)[0] == 422
    assert "too large" in announced(address, MOST_BYTES + 1)
    assert classified(address, sent(shown), Origin="https://elsewhere.example")[0] == 403
    assert asked(f"{address}/v1/classifiers", Host="elsewhere.example")[0] == 421
    assert asked(f"{address}/v1/classify")[0] == 405


def flat(side: int, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side, side)).save(out, kind)
    return out.getvalue()


def claims(side: int) -> bytes:
    """The header of a BMP of so many pixels a side."""
    return b"BM" + bytes(8) + struct.pack("<IIiiHHI", 54, 40, side, side, 1, 24, 0) + bytes(20)


def test_pictures_are_bounded_by_what_their_headers_say(address: str, shown: list[Path]) -> None:
    status, found = classified(address, [("large.bmp", claims(8000)), *sent(shown[:1])])
    assert (status, found["pictures"][1]["error"]) == (200, None)
    assert "8,000 × 8,000 pixels; at most 60 million are taken" in found["pictures"][0]["error"]
    status, found = classified(address, [("large.bmp", claims(8000))] * 8)
    assert (status, "512 million pixels" in found["detail"]) == (413, True)


def test_whether_pictures_are_scored_is_told_without_a_token(start: Start, bundle: Path) -> None:
    url = start(str(bundle), **{TOKEN: "a secret"})
    assert asked(f"{url}/readyz")[1]["status"] == "ok"


class Sender:
    """Has sent a request with pictures, and waits for no answer."""

    def __init__(self, url: str, pictures: Sequence[bytes]) -> None:
        host, _, port = url.removeprefix("http://").partition(":")
        mark = b'--mark\r\nContent-Disposition: form-data; name="picture"; filename="a"\r\n\r\n'
        body = b"".join(mark + picture + b"\r\n" for picture in pictures) + b"--mark--\r\n"
        head = (
            f"POST /v1/classify HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n"
            "Content-Type: multipart/form-data; boundary=mark\r\n\r\n"
        )
        self.connection = socket.create_connection((host, int(port)))
        self.connection.sendall(head.encode() + body)

    def first_line(self) -> bytes:
        """Of the answer; nothing where none came."""
        try:
            return self.connection.recv(100)
        except ConnectionError:
            return b""


def resident(pid: int) -> int:
    """Bytes of memory that a process has."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)


def test_what_nobody_waits_for_is_not_begun(start: Start, bundle: Path) -> None:
    url = start(str(bundle))
    large = flat(3000)
    for _ in range(3):
        Sender(url, [large] * 20).connection.close()
    given_up = ("discern_requests_total", "/v1/classify", "400")
    until(lambda: counted(url).get(given_up, 0) >= 3)
    assert ("discern_pictures_total", "answered") not in counted(url)
    assert classified(url, [("small.png", flat(8))])[0] == 200


def test_it_ends_in_the_middle_of_large_pictures_and_of_those_that_wait(bundle: Path, tmp_path: Path) -> None:
    process, url = begun([str(bundle)], tmp_path, {})
    with process:
        senders = [Sender(url, [flat(7000)] * 8) for _ in range(8)]
        one = 7000 * 7000 * 4  # bytes
        until(lambda: asked(f"{url}/readyz")[0] == 200 and resident(process.pid) >= one)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    assert not all(b"200 OK" in sender.first_line() for sender in senders)


def test_with_a_token_only_who_brings_it_is_answered(start: Start, bundle: Path, shown: list[Path]) -> None:
    url = start(str(bundle.with_name("rooms.zip")), **{TOKEN: "a secret"})
    assert asked(f"{url}/healthz")[0] == 200
    assert classified(url, sent(shown))[0] == 401
    assert classified(url, sent(shown), Authorization="Bearer another")[0] == 401
    status, found = classified(url, sent(shown), Authorization="Bearer a secret", Host="any.example")
    assert (status, len(found["pictures"])) == (200, 4)


@pytest.mark.parametrize(
    ("arguments", "why"), [(["nowhere"], "nowhere"), (["{bundle}", "--host", "0.0.0.0"], TOKEN)]
)
def test_a_server_that_may_not_or_cannot_serve_ends_without_a_traceback(
    bundle: Path, arguments: list[str], why: str
) -> None:
    command = [*COMMAND, *(argument.format(bundle=bundle) for argument in arguments)]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert why in done.stderr


@pytest.mark.parametrize(
    ("ending", "code"),
    [("sys.exit(3)", 3), ("None", 1), ("setattr(self, 'started', True)", 0), ("sys.exit(0)", 0)],
)
def test_a_server_ends_with_the_exit_code_of_what_ended_it(bundle: Path, ending: str, code: int) -> None:
    program = f"""
import sys, uvicorn
from pathlib import Path
from web.scorer.serve import serve
uvicorn.Server.run = lambda self, **_: {ending}
serve([Path(sys.argv[1])], host="127.0.0.1", port=0, names=[])
"""
    command = [sys.executable, "-c", program, str(bundle)]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], env=ENVIRONMENT, capture_output=True)
    assert (done.returncode, done.stderr) == (code, b"")


def test_two_bundles_of_one_concept_are_not_served(bundle: Path) -> None:
    with pytest.raises(DiscernError, match="Two of"):
        load_all([bundle, bundle])


def one_of(folder: Path, concept: str) -> Path:
    head = bundles.make_head(np.ones(8))
    return bundles.write_one(
        folder, head, bundles.make_facts(head, concept=concept), None, bundles.small_graph()
    )


def test_a_bundle_that_was_changed_or_has_no_encoder_is_refused(tmp_path: Path) -> None:
    head = bundles.make_head(np.ones(8))
    alone = bundles.write_one(tmp_path / "alone", head, bundles.make_facts(head), None)
    with pytest.raises(DiscernError, match=r"no classifier\.onnx"):
        Served(alone)
    changed = one_of(tmp_path / "changed", "people")
    (changed / "scorer.py").write_text("changed")
    with pytest.raises(ChangedBundleError, match=r"scorer\.py has changed"):
        load_all([changed])


def test_a_graph_of_another_classifier_is_refused_whatever_the_list_says(tmp_path: Path) -> None:
    folder, other = one_of(tmp_path / "one", "people"), one_of(tmp_path / "other", "cats")
    (folder / "classifier.onnx").write_bytes((other / "classifier.onnx").read_bytes())
    with pytest.raises(DiscernError, match="of another classifier"):
        Served(bundles.sums_again(folder))


def test_pinned_bundles_are_served_in_any_order_and_no_others(tmp_path: Path) -> None:
    paths = [one_of(tmp_path / name, name) for name in ("people", "cats")]
    own = [bundle_digest(path) for path in paths]
    assert len(load_all(paths, own[::-1])) == 2
    with pytest.raises(DiscernError, match="cats is not a bundle with one of these digests"):
        load_all(paths, own[:1])
    with pytest.raises(DiscernError, match=f"None of these bundles has the digest {own[1]}"):
        load_all(paths[:1], own)


def test_a_bundle_that_was_tampered_with_is_not_served_where_it_is_pinned(tmp_path: Path) -> None:
    bundle = one_of(tmp_path / "one", "people")
    digest = bundle_digest(bundle)
    (bundle / "README.md").write_text("changed")
    bundles.sums_again(bundle)
    command = [*COMMAND, str(bundle), "--digest", digest]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "not a bundle with one of these digests" in done.stderr


def test_a_bundle_with_another_file_in_it_is_not_served(tmp_path: Path) -> None:
    folder = one_of(tmp_path / "one", "people")
    digest = bundle_digest(folder)
    (folder / "numpy.py").write_text("print('not NumPy')")
    for pinned in ([], [digest]):
        with pytest.raises(ChangedBundleError, match=r"numpy\.py has no checksum"):
            load_all([folder], pinned)


def test_between_certified_lines_a_person_looks_and_a_line_of_yes_is_the_decision() -> None:
    zones = Zones(yes_from=0.6, no_up_to=0.2)
    said = [zone_of(p, yes=p >= 0.6, threshold=0.6, zones=zones) for p in (0.6, 0.59, 0.21, 0.2, 0.0)]
    assert said == ["yes", "look", "look", "no", "no"]
    assert zone_of(0.5999999, yes=True, threshold=0.6, zones=zones) == "yes"  # rounded, and decided before
    assert zones_of(0.6, {}) == (pytest.approx(0.75), pytest.approx(3 / 7))
