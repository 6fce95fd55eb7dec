"""`discern serve`, as a process of its own that can import no more than its image has."""

from __future__ import annotations

import http.client
import io
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import bundles
import httpx2
import numpy as np
import pytest
import uvicorn
from drawing import claims
from patience import PATIENCE
from PIL import Image
from prometheus_client.parser import text_string_to_metric_families
from soak_load import memory_of, until

from concepts.bundle.check import bundle_digest
from concepts.bundle.decisions import Zones, zone_of, zones_of
from concepts.bundle.heads import BundleHead
from concepts.bundle.load import load_bundle
from concepts.bundle.write import BundlePart, write_bundle
from concepts.errors import ChangedBundleError, DiscernError
from web.scorer.app import MOST_BYTES, TOKEN, serve
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


class Running(NamedTuple):
    process: subprocess.Popen[str]
    url: str


Start = Callable[..., Running]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Processes that end with the module."""
    running: list[subprocess.Popen[str]] = []

    def started(bundle: Path, **environment: str) -> Running:
        command, anywhere = [*COMMAND, str(bundle), "--port", "0"], tmp_path_factory.mktemp("anywhere")
        heard: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        process = subprocess.Popen(command, env=ENVIRONMENT | environment, cwd=anywhere, **heard)
        running.append(process)
        line = process.stdout.readline()
        found = re.match(r"Answers at (http://\S+)/v1/classify", line)
        assert found, line + process.stderr.read()
        return Running(process, found[1])

    yield started
    for process in running:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)


@pytest.fixture(scope="module")
def address(start: Start, bundle: Path) -> str:
    return start(bundle).url


def asked(url: str, **headers: str) -> tuple[int, Any]:
    """Status and JSON, or text."""
    return told(httpx2.get(url, headers=headers, timeout=PATIENCE))


def told(answer: httpx2.Response) -> tuple[int, Any]:
    return answer.status_code, answer.json() if answer.text.startswith(("{", "[")) else answer.text


def classified(
    url: str, files: Sequence[tuple[str, bytes]], concepts: Sequence[str] = (), **headers: str
) -> tuple[int, Any]:
    pictures, asked_for = [("picture", file) for file in files], {"concept": list(concepts)}
    options: dict[str, Any] = {"headers": headers, "timeout": PATIENCE}
    return told(httpx2.post(f"{url}/v1/classify", files=pictures, data=asked_for, **options))


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


def test_it_says_what_it_answers_for_and_one_concept_can_be_asked_for(
    address: str, bundle: Path, shown: list[Path]
) -> None:
    _, found = asked(f"{address}/v1/classifiers")
    assert [one["name"] for one in found[0]["concepts"]] == ["messy room", "people"]
    assert found[0]["fingerprint"] == load_bundle(bundle).facts.encoder.fingerprint
    document = asked(f"{address}/openapi.json")[1]
    assert set(document["paths"]) == {"/healthz", "/readyz", "/v1/classifiers", "/v1/classify"}
    status, found = classified(address, sent(shown[:1]), ["people"])
    assert [one["concept"] for one in found["pictures"][0]["said"]] == ["people"]
    status, found = classified(address, sent(shown[:1]), ["cats"])
    assert (status, "no concept 'cats'" in found["detail"]) == (404, True)


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
    connection = http.client.HTTPConnection(address.removeprefix("http://"))
    connection.putrequest("POST", "/v1/classify")
    connection.putheader("Content-Length", str(MOST_BYTES + 1))
    connection.endheaders()  # and none of the body
    announced = connection.getresponse()
    assert (announced.status, b"too large" in announced.read()) == (413, True)
    assert classified(address, sent(shown), Origin="https://elsewhere.example")[0] == 403
    assert asked(f"{address}/v1/classifiers", Host="elsewhere.example")[0] == 421
    assert asked(f"{address}/v1/classify")[0] == 405


def flat(side: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side, side)).save(out, "PNG")
    return out.getvalue()


def test_pictures_are_bounded_by_what_their_headers_say(address: str, shown: list[Path]) -> None:
    status, found = classified(address, [("large.bmp", claims(8000)), *sent(shown[:1])])
    assert (status, found["pictures"][1]["error"]) == (200, None)
    assert "8,000 × 8,000 pixels; at most 60 million are taken" in found["pictures"][0]["error"]
    status, found = classified(address, [("large.bmp", claims(8000))] * 8)
    assert (status, "512 million pixels" in found["detail"]) == (413, True)


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


def test_what_nobody_waits_for_is_not_begun(start: Start, bundle: Path) -> None:
    url = start(bundle).url
    large = flat(3000)
    for _ in range(3):
        Sender(url, [large] * 20).connection.close()
    given_up = ("discern_requests_total", "/v1/classify", "400")
    until(lambda: counted(url).get(given_up, 0) >= 3)
    assert ("discern_pictures_total", "answered") not in counted(url)
    assert classified(url, [("small.png", flat(8))])[0] == 200


@pytest.mark.slow
def test_it_ends_in_the_middle_of_large_pictures_and_of_those_that_wait(start: Start, bundle: Path) -> None:
    process, url = start(bundle)
    large = flat(7000)
    senders = [Sender(url, [large] * 8) for _ in range(8)]
    one = 7000 * 7000 * 4  # bytes
    until(lambda: asked(f"{url}/readyz")[0] == 200 and memory_of(process.pid, "VmRSS:") >= one)
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0
    assert not all(b"200 OK" in sender.first_line() for sender in senders)


def test_with_a_token_only_who_brings_it_is_answered(start: Start, bundle: Path, shown: list[Path]) -> None:
    url = start(bundle.with_name("rooms.zip"), **{TOKEN: "a secret"}).url
    assert [asked(f"{url}/{address}")[1]["status"] for address in ("healthz", "readyz")] == ["ok", "ok"]
    assert classified(url, sent(shown))[0] == 401
    assert classified(url, sent(shown), Authorization="Bearer another")[0] == 401
    status, found = classified(url, sent(shown), Authorization="Bearer a secret", Host="any.example")
    assert (status, len(found["pictures"])) == (200, 4)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["nowhere"], "nowhere"),
        (["{bundle}", "--host", "0.0.0.0"], TOKEN),
        (["{bundle}", "--digest", "0" * 64], "not a bundle with one of these digests"),
    ],
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
    ("ends", "code"),
    [
        (lambda server: sys.exit(3), 3),
        (lambda server: None, 1),
        (lambda server: setattr(server, "started", True), 0),
        (lambda server: sys.exit(0), 0),
    ],
)
def test_a_server_ends_with_the_exit_code_of_what_ended_it(
    bundle: Path, monkeypatch: pytest.MonkeyPatch, ends: Callable[[Any], None], code: int
) -> None:
    codes: list[int] = []
    monkeypatch.setattr(uvicorn.Server, "run", lambda server, **_: ends(server))
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(os, "_exit", codes.append)
    serve([bundle], host="127.0.0.1", port=0, names=[])
    assert codes == [code]


def one_of(folder: Path, concept: str) -> Path:
    head = bundles.make_head(np.ones(8))
    return bundles.write_one(
        folder, head, bundles.make_facts(head, concept=concept), None, bundles.small_graph()
    )


def test_a_bundle_that_was_changed_has_no_encoder_or_comes_twice_is_refused(
    bundle: Path, tmp_path: Path
) -> None:
    with pytest.raises(DiscernError, match="Two of"):
        load_all([bundle, bundle])
    head = bundles.make_head(np.ones(8))
    alone = bundles.write_one(tmp_path / "alone", head, bundles.make_facts(head), None)
    with pytest.raises(DiscernError, match=r"no classifier\.onnx"):
        Served(alone)
    changed, more = one_of(tmp_path / "changed", "people"), one_of(tmp_path / "more", "people")
    (changed / "scorer.py").write_text("changed")
    with pytest.raises(ChangedBundleError, match=r"scorer\.py has changed"):
        load_all([changed])
    digest = bundle_digest(more)
    (more / "numpy.py").write_text("print('not NumPy')")
    for pinned in ([], [digest]):
        with pytest.raises(ChangedBundleError, match=r"numpy\.py has no checksum"):
            load_all([more], pinned)


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
    (paths[0] / "README.md").write_text("changed")
    bundles.sums_again(paths[0])  # as who means harm would
    with pytest.raises(DiscernError, match="people is not a bundle with one of these digests"):
        load_all(paths[:1], own[:1])


def test_between_certified_lines_a_person_looks_and_a_line_of_yes_is_the_decision() -> None:
    zones = Zones(yes_from=0.6, no_up_to=0.2)
    said = [zone_of(p, yes=p >= 0.6, threshold=0.6, zones=zones) for p in (0.6, 0.59, 0.21, 0.2, 0.0)]
    assert said == ["yes", "look", "look", "no", "no"]
    assert zone_of(0.5999999, yes=True, threshold=0.6, zones=zones) == "yes"  # rounded, and decided before
    assert zones_of(0.6, {}) == (pytest.approx(0.75), pytest.approx(3 / 7))
