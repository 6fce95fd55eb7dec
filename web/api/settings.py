"""Changing settings, and files to take away. The rest of the installation is made from operations."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse
from pydantic import Field, SecretStr

from concepts.installation.activity import SettingsView
from concepts.workbench import Workbench
from web.api.shared import Body

Price = Annotated[str, Field(max_length=40)]
Model = Annotated[str, Field(max_length=200)]


class SettingsChange(Body):
    """What is left out stays; null takes a setting away. Prices are USD per million tokens, input/output;
    `prices` has one "model input/output" a line, for models whose role has no price of its own."""

    openai_base_url: Annotated[str, Field(max_length=500)] | None = None
    openai_api_key: SecretStr | None = Field(None, max_length=500)
    llm_model: Model | None = None
    vlm_model: Model | None = None
    large_vlm_model: Model | None = None
    critic_model: Model | None = None
    llm_price: Price | None = None
    vlm_price: Price | None = None
    large_vlm_price: Price | None = None
    critic_price: Price | None = None
    prices: Annotated[str, Field(max_length=20_000)] | None = None
    model_concurrency: int | None = Field(None, ge=1, le=64)


def routes(workbench: Workbench) -> APIRouter:
    router = APIRouter()

    @router.patch("/settings")
    def change_settings(body: SettingsChange) -> SettingsView:
        """Changes what is named. It counts from the next call on."""
        changes = body.model_dump(exclude_unset=True)
        if body.openai_api_key is not None:
            changes["openai_api_key"] = body.openai_api_key.get_secret_value()
        return workbench.installation.save_settings(changes)

    @router.get(
        "/backup",
        response_class=StreamingResponse,
        responses={200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}},
    )
    def download_backup(thumbnails: bool = False) -> StreamingResponse:
        """Everything that can't be made again, as a zip. README.txt in it says how to restore."""
        headers = {"Content-Disposition": 'attachment; filename="discern-backup.zip"'}
        pieces = workbench.installation.backup(thumbnails=thumbnails)
        return StreamingResponse(pieces, media_type="application/zip", headers=headers)

    @router.get(
        "/log",
        response_class=Response,
        responses={200: {"content": {"application/jsonl": {"schema": {"type": "string"}}}}},
    )
    def download_log() -> Response:
        """What went wrong, to be attached to a bug report. It holds paths and names, no keys."""
        headers = {"Content-Disposition": 'attachment; filename="discern-log.jsonl"'}
        return Response(workbench.installation.log(), media_type="application/jsonl", headers=headers)

    return router
