"""Pictures that come with a request are bounded by what their headers say, before any of them is decoded."""

from __future__ import annotations

import asyncio
import io
import struct
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi import Request, UploadFile
from fastapi.testclient import TestClient

from storage.pictures import decoding
from storage.pictures.decoding import MAX_SENT_PIXELS
from web.http import pictures
from web.http.pictures import MOST_PIXELS, PictureThreads, ReceivedPicture

SIDE = 7_750  # above what a picture may have by a little


def claims(width: int, height: int) -> bytes:
    """A PNG of this size in 67 bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


@pytest.fixture
def none_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    def decoded(*_: Any) -> None:
        raise AssertionError("it was decoded")

    monkeypatch.setattr(decoding, "_loaded", decoded)


def sent(*pictures: bytes) -> list[tuple[str, tuple[str, bytes]]]:
    return [("picture", (f"{number}.png", picture)) for number, picture in enumerate(pictures)]


@pytest.mark.usefixtures("none_is_decoded")
def test_a_picture_with_too_many_pixels_has_its_own_error(api: TestClient) -> None:
    answer = api.post("classify", files=sent(claims(SIDE, SIDE)))
    (picture,) = answer.json()["pictures"]
    assert SIDE * SIDE > MAX_SENT_PIXELS
    assert (picture["name"], picture["said"]) == ("0.png", [])
    assert "7,750 × 7,750 pixels; at most 60 million are taken" in picture["error"]


@pytest.mark.usefixtures("none_is_decoded")
def test_a_request_with_too_many_pixels_is_refused(api: TestClient) -> None:
    n = MOST_PIXELS // (SIDE * SIDE) + 1
    answer = api.post("classify", files=sent(*[claims(SIDE, SIDE)] * n))
    assert answer.status_code == 413
    assert "420 million pixels" in answer.json()["detail"]


@pytest.mark.usefixtures("none_is_decoded")
def test_an_example_with_too_many_pixels_is_refused(api: TestClient) -> None:
    api.post("concepts", json={"name": "Sent", "description": "For sent pictures."})
    answer = api.post("concepts/Sent/examples", files=sent(claims(SIDE, SIDE)))
    assert (answer.status_code, answer.json()["type"]) == (422, "/api/v1/docs#bad-picture")


def test_the_document_says_what_may_be_sent(api: TestClient) -> None:
    document = api.get("openapi.json").text
    assert document.count("at most 60 million pixels") == 2


def test_where_one_picture_fails_none_of_the_others_is_begun_any_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pictures, "AT_ONCE", 2)
    began, second, go_on = [], threading.Event(), threading.Event()

    def work(one: ReceivedPicture) -> None:
        began.append(one.name)
        if one.name == "0":
            second.wait(60)
            raise LookupError
        second.set()
        go_on.wait(60)

    async def ask() -> None:
        request = Request({"type": "http"}, receive=asyncio.Event().wait)  # type: ignore[arg-type]
        files = [UploadFile(io.BytesIO(claims(8, 8)), filename=str(n)) for n in range(6)]
        try:
            with pytest.raises(LookupError):
                await PictureThreads().each(request, files, work)
        finally:
            go_on.set()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)

    with ThreadPoolExecutor(1) as thread:  # this one may have a browser's loop already
        thread.submit(asyncio.run, ask()).result()
    assert began == ["0", "1"]
