"""Named endpoints for Gradio's clients: `gradio_client.Client(address).predict(…, api_name="/classify")`."""

import base64
import binascii
import io
from typing import Any

import gradio as gr
from gradio.events import api

from concepts.results.heads import with_versions
from concepts.results.scores import classifier
from concepts.use_cases import App
from storage.pictures.decoding import wanted
from web.handlers import calls
from web.http.pictures import SHORT_SIDE, PictureThreads, ReceivedPicture

# Gradio reads annotations without resolving them, so they must not be strings here.


def endpoints(app: App) -> None:
    """Adds them to the `gr.Blocks` that is being made."""
    turns = PictureThreads()

    @calls()
    def concepts(request: gr.Request) -> list[str]:
        """Names of the concepts that have a version."""
        return [one.name for one in with_versions(app)]

    @calls()
    async def classify(picture: str, concept: str, request: gr.Request) -> dict[str, Any]:
        """Classify a picture with the newest version of a concept. The picture is Base64, at most 700 kB, and
        is not stored. `POST /api/v1/classify` takes larger ones."""
        try:
            file = io.BytesIO(base64.b64decode(picture, validate=True))
        except binascii.Error:
            raise gr.Error("The picture is not Base64.", print_exception=False) from None
        want = await turns.turn(lambda: wanted(file, SHORT_SIDE))
        sent = ReceivedPicture("picture", want, file)
        said = await turns.turn(lambda: classifier(app, [concept])(sent.name, sent.read), want.bytes)
        found: dict[str, Any] = said.model_dump(mode="json")
        return found

    api(concepts, concurrency_limit=None)
    api(classify, concurrency_limit=None)  # threads of their own bound what is decoded at once
