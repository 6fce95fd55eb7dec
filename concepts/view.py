"""The base of views: plain frozen values that rooms hand to screens, REST and the command line."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class View(BaseModel):
    model_config = ConfigDict(frozen=True)
