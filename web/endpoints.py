"""Gradio's endpoints, for its clients: `gradio_client.Client(address).predict(…, api_name="/classify")`."""

import base64
import binascii
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr
from fastapi import FastAPI
from gradio.events import api
from starlette.middleware.cors import CORSMiddleware

from concepts.errors import DiscernError
from concepts.workbench import Workbench
from storage.pictures.decoding import wanted
from web.advice import VISITOR, in_words
from web.http.pictures import SHORT_SIDE, PictureThreads, ReceivedPicture

# Gradio reads annotations without resolving them, so they must not be strings here.


def endpoints(workbench: Workbench) -> FastAPI:
    """An application with Gradio's queue and no pages."""
    blocks: gr.Blocks
    turns = PictureThreads()

    def concepts(request: gr.Request) -> list[str]:
        """Names of the concepts that have a version."""
        with _asked_by(request):
            return [row.name for row in workbench.context.with_versions()]

    async def classify(picture: str, concept: str, request: gr.Request) -> dict[str, Any]:
        """Classify a picture with the newest version of a concept. The picture is Base64, at most 700 kB, and
        is not stored. `POST /api/v1/classify` takes larger ones."""
        try:
            file = io.BytesIO(base64.b64decode(picture, validate=True))
        except binascii.Error:
            raise gr.Error("The picture is not Base64.", print_exception=False) from None
        want = await turns.turn(lambda: wanted(file, SHORT_SIDE))
        sent = ReceivedPicture("picture", want, file)
        with _asked_by(request):
            try:
                said = await turns.turn(
                    lambda: workbench.scoring.classifier([concept])(sent.name, sent.read), want.bytes
                )
            except DiscernError as error:
                raise gr.Error(in_words(error), print_exception=False) from None
        found: dict[str, Any] = said.model_dump(mode="json")
        return found

    with gr.Blocks(title="Discern", analytics_enabled=False) as blocks:
        api(concepts)  # in the order of web.http.gradio.TAKES
        api(classify)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    # Allows no origin; otherwise Gradio allows every port of this computer.
    app.add_middleware(CORSMiddleware)
    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        auth_dependency=lambda request: request.state.user,
        run_history=False,
        ssr_mode=False,
        footer_links=[],
        allowed_paths=[],
    )
    return app


@contextmanager
def _asked_by(request: gr.Request) -> Iterator[None]:
    """Restores a demo visitor's sandbox: Gradio's queue runs calls in another context."""
    visitor = VISITOR.set(request.state.sandbox)
    try:
        yield
    finally:
        VISITOR.reset(visitor)
