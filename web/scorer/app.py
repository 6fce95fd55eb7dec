"""The scoring server: pictures over HTTP → what exported classifiers say of them, as JSON."""

from __future__ import annotations

import asyncio
import hmac
import io
import math
import os
import signal
import sys
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any

import uvicorn
from fastapi import FastAPI, File, Form, Request, UploadFile
from fastapi.responses import Response
from PIL import Image
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from concepts import __version__
from concepts.bundle.decisions import PicturesSaid
from concepts.errors import DiscernError, SettingsError
from concepts.settings import is_loopback
from concepts.view import View
from storage.memory import give_back_freed
from storage.pictures.pixels import MAX_SENT_PIXELS
from web.http.connections import BoundedConnection, listen
from web.http.pictures import MOST_PICTURES, PictureThreads
from web.http.problems import RESPONSES, describe_problems, handle_problems, problem
from web.http.screening import (
    HEADERS,
    comes_from_elsewhere,
    is_of_here,
    limited,
    name_of,
    too_large,
    with_headers,
)
from web.scorer.served import Served, ServedBundle, all_said, load_all

MOST_BYTES = 50 * 1024**2  # of a request
MOST_WAITING = 64  # pictures; more are told to come again
POLICY = "default-src 'none'; frame-ancestors 'none'"
READY_SECONDS = 5
PATHS = ("/healthz", "/readyz", "/metrics", "/openapi.json", "/v1/classifiers", "/v1/classify")
OPEN = ("/healthz", "/readyz")  # without a token, so that whatever starts the server can see that it answers

Picture = Annotated[
    list[UploadFile],
    File(
        min_length=1,
        max_length=MOST_PICTURES,
        description=f"Picture files, at most 50 MB in all, each of at most {MAX_SENT_PIXELS // 1_000_000} "
        "million pixels.",
    ),
]


class Health(View):
    status: str
    version: str


def create_scorer(served: Sequence[Served], *, token: str = "", hosts: Collection[str] = ()) -> FastAPI:
    """`token`: what a request has to bring as a bearer token; where it is empty, anyone is answered.
    `hosts`: names by which the server may be called, beside those of this computer."""
    app = FastAPI(
        title="Discern classifiers",
        version=__version__,
        description="Pictures in, answers out. Nothing of them is kept.",
        docs_url=None,
        redoc_url=None,
        responses=RESPONSES,
        generate_unique_id_function=lambda route: route.name,
    )
    metrics = Metrics()
    app.add_middleware(Screened, token=token, hosts=frozenset(hosts), metrics=metrics)
    handle_problems(app)
    describe_problems(app)
    turns, waiting, ready = PictureThreads(), Waiting(), Ready(served)

    @app.get("/healthz")
    def healthz() -> Health:
        """Answers once the classifiers are loaded."""
        return Health(status="ok", version=__version__)

    @app.get("/readyz")
    async def readyz() -> Health:
        """Answers once a small picture was scored as one that is sent would be, or 503 within seconds."""
        if not await ready.looked_at(turns):
            raise HTTPException(503, f"No picture could be scored within {READY_SECONDS} seconds.")
        return Health(status="ok", version=__version__)

    @app.get("/metrics", include_in_schema=False)
    def measured() -> Response:
        """For Prometheus."""
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    @app.get("/v1/classifiers")
    def classifiers() -> list[ServedBundle]:
        """What is answered for: concepts, their versions and lines, and the encoder."""
        return [one.about for one in served]

    @app.post("/v1/classify")
    async def classify(
        request: Request,
        picture: Picture,
        concept: Annotated[list[str], Form(description="Names; all if left out.")] = [],  # noqa: B006
    ) -> PicturesSaid:
        """How probable each concept is, yes or no, and which pictures to look at yourself."""
        wanted = frozenset(concept)
        if unknown := wanted - {name for one in served for name in one.concepts}:
            raise HTTPException(404, f"There is no concept {min(unknown)!r} here.")
        with waiting.of(len(picture)):
            found = await turns.each(request, picture, lambda sent: all_said(served, sent, wanted))
        for one in found:
            metrics.pictures.labels("unreadable" if one.error else "answered").inc()
            for said in one.said:
                metrics.said.labels(said.concept, said.zone).inc()
        return PicturesSaid(pictures=tuple(found))

    return app


class Ready:
    """Whether small pictures are scored. Anyone may ask, so that is tried once a second at most."""

    def __init__(self, served: Sequence[Served]) -> None:
        self._served = served
        grey = io.BytesIO()
        Image.new("RGB", (64, 64), "grey").save(grey, "JPEG")
        self._picture = grey.getvalue()
        self._asking = asyncio.Lock()
        self._scored = -math.inf  # when a picture last was

    async def looked_at(self, turns: PictureThreads) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(READY_SECONDS), self._asking:
                if time.monotonic() - self._scored > 1:
                    await turns.turn(lambda: [one.said(self._picture) for one in self._served])
                    self._scored = time.monotonic()
                return True
        return False


class Waiting:
    """How many pictures are on their way. Used in one thread, the event loop's."""

    def __init__(self) -> None:
        self._now = 0

    @contextmanager
    def of(self, n: int) -> Iterator[None]:
        """Room for n. Raises `HTTPException` 503 where there is none."""
        if self._now and self._now + n > MOST_WAITING:
            raise HTTPException(503, "Too many pictures are waiting. Send them again.", {"Retry-After": "1"})
        self._now += n
        try:
            yield
        finally:
            self._now -= n


class Metrics:
    """What Prometheus collects, of this server alone."""

    def __init__(self) -> None:
        at = self.registry = CollectorRegistry()
        self.pictures = Counter("discern_pictures", "Pictures that were sent", ["result"], registry=at)
        zones = ["concept", "zone"]
        self.said = Counter("discern_decisions", "What was said of them", zones, registry=at)
        self.requests = Counter("discern_requests", "Requests", ["path", "status"], registry=at)
        self.seconds = Histogram("discern_request_seconds", "From request to answer", ["path"], registry=at)


class Screened:
    """What every request passes first: host, origin, token and size; it is counted and timed."""

    def __init__(self, app: ASGIApp, token: str, hosts: frozenset[str], metrics: Metrics) -> None:
        self.app = app
        self._token = token
        self._hosts = hosts
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        started, path = time.perf_counter(), scope["path"] if scope["path"] in PATHS else "other"
        send = with_headers(send, HEADERS | {"Content-Security-Policy": POLICY})

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._metrics.requests.labels(path, message["status"]).inc()
            await send(message)

        answer: Any = self._refuse(scope) or self.app
        await answer(scope, limited(receive, MOST_BYTES), noted)
        self._metrics.seconds.labels(path).observe(time.perf_counter() - started)

    def _refuse(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if not self._token and not is_of_here(name_of(headers.get("host", "")), self._hosts):
            return problem(421, "This server doesn't know this name. Add it with --host-name.")
        if scope["method"] not in ("GET", "HEAD", "OPTIONS") and comes_from_elsewhere(headers):
            return problem(403, "Another site asked for this.")
        kind, _, given = headers.get("authorization", "").partition(" ")
        known = hmac.compare_digest(given.strip().encode(), self._token.encode())
        if self._token and scope["path"] not in OPEN and not (known and kind.lower() == "bearer"):
            return problem(
                401, "Send the token: Authorization: Bearer …", headers={"WWW-Authenticate": "Bearer"}
            )
        length = headers.get("content-length", "")
        if length.isdigit() and (len(length) > 12 or int(length) > MOST_BYTES):
            return problem(413, too_large(MOST_BYTES))
        return None


TOKEN = "DISCERN_SCORER_TOKEN"
INSECURE = "DISCERN_INSECURE"


def serve(
    bundles: Sequence[Path], *, host: str, port: int, names: Sequence[str], digests: Sequence[str] = ()
) -> None:
    """Raises `DiscernError` for a bundle that can't answer or has none of the `digests`, and `SettingsError`
    where the port can't be had or where other computers could reach a server that asks nobody for a token."""
    token = os.environ.get(TOKEN, "")
    if not token and not is_loopback(host) and os.environ.get(INSECURE, "") not in ("1", "true"):
        raise SettingsError(
            f"Everyone who can reach {host} could use it. Set {TOKEN}, which requests then have to bring, or "
            f"say {INSECURE}=1 where something else keeps strangers out."
        )
    give_back_freed()
    try:
        listening = listen(host, port)
    except OSError as error:
        raise DiscernError(
            f"{host}:{port} can't be listened on: {error.strerror}. Use another --port."
        ) from error
    app = create_scorer(load_all(bundles, digests), token=token, hosts=names)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    listening.listen()  # whoever reads the next line may ask at once
    print(f"Answers at http://{host}:{listening.getsockname()[1]}/v1/classify", flush=True)
    config = uvicorn.Config(app, http=BoundedConnection, log_level="warning", timeout_graceful_shutdown=3)
    server, code = uvicorn.Server(config), 0
    try:
        server.run(sockets=[listening])
        code = int(not server.started)
    except KeyboardInterrupt:
        pass
    except SystemExit as ended:
        code = int(ended.code or 0)
    os._exit(code)  # Python itself would wait for threads that are in the middle of a large picture
