"""Named endpoints for Gradio's clients: `gradio_client.Client(address).predict(…, api_name="/classify")`."""

import base64
import binascii
import io
from typing import Any

import gradio as gr
from gradio.events import api

from concepts.results.scores import classifier
from concepts.workbench import Workbench
from storage.pictures.decoding import wanted
from web.handlers import calls
from web.http.pictures import SHORT_SIDE, PictureThreads, ReceivedPicture

# Gradio reads annotations without resolving them, so they must not be strings here.


def endpoints(workbench: Workbench) -> None:
    """Adds them to the `gr.Blocks` that is being made."""
    turns = PictureThreads()

    @calls()
    def concepts(request: gr.Request) -> list[str]:
        """Names of the concepts that have a version."""
        return [row.name for row in workbench.context.with_versions()]

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
        said = await turns.turn(
            lambda: classifier(workbench.context, [concept])(sent.name, sent.read), want.bytes
        )
        found: dict[str, Any] = said.model_dump(mode="json")
        return found

    api(concepts, concurrency_limit=None)
    api(classify, concurrency_limit=None)  # threads of their own bound what is decoded at once
