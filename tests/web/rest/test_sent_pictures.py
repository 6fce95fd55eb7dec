"""Pictures that come with a request are bounded by what their headers say, before any of them is decoded."""

from __future__ import annotations

import asyncio
import io
import threading
from typing import Any

import own_loop
import pytest
from drawing import claims
from fastapi import Request, UploadFile
from fastapi.testclient import TestClient

from storage.pictures import decoding
from storage.pictures.pixels import MAX_SENT_PIXELS
from web.http import pictures
from web.http.pictures import MOST_PIXELS, PictureThreads, ReceivedPicture

SIDE = 7_750  # above what a picture may have by a little


@pytest.fixture
def none_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    def decoded(*_: Any) -> None:
        raise AssertionError("it was decoded")

    monkeypatch.setattr(decoding, "_loaded", decoded)


def sent(*pictures: bytes) -> list[tuple[str, tuple[str, bytes]]]:
    return [("picture", (f"{number}.png", picture)) for number, picture in enumerate(pictures)]


@pytest.mark.usefixtures("none_is_decoded")
def test_what_has_too_many_pixels_by_its_header_is_refused(api: TestClient) -> None:
    assert SIDE * SIDE > MAX_SENT_PIXELS
    large = claims(SIDE)
    (picture,) = api.post("classify", files=sent(large)).json()["pictures"]
    assert (picture["name"], picture["said"]) == ("0.png", [])
    assert "7,750 × 7,750 pixels; at most 60 million are taken" in picture["error"]
    answer = api.post("classify", files=sent(*[large] * (MOST_PIXELS // (SIDE * SIDE) + 1)))
    assert (answer.status_code, "420 million pixels" in answer.json()["detail"]) == (413, True)
    api.post("concepts", json={"name": "Sent", "description": "For sent pictures."})
    answer = api.post("concepts/Sent/examples", files=sent(large))
    assert (answer.status_code, answer.json()["type"]) == (422, "/api/v1/docs#bad-picture")


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
        files = [UploadFile(io.BytesIO(claims(8)), filename=str(n)) for n in range(6)]
        try:
            with pytest.raises(LookupError):
                await PictureThreads().each(request, files, work)
        finally:
            go_on.set()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)

    own_loop.run(ask())
    assert began == ["0", "1"]
