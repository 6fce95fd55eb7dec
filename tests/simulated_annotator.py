"""A SIMULATED model that says the same of every picture, and a server that the settings point to."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from fake_openai import FakeOpenAI, Request

from concepts.use_cases import Concept
from storage.concepts import StoredAnnotation

SAYS: dict[str, dict[str, Any]] = {
    "PictureVerdict": {"evidence": [], "rationale": "simulated", "rating": 4},
    "Findings": {"findings": []},
    "Conclusion": {"rationale": "simulated", "rating": 2},
}


def judge(request: Request) -> dict[str, Any]:
    """In one call it says yes, in steps no. No two captions are the same."""
    if request.schema_name == "Caption":
        return {"caption": f"A shape {hashlib.sha256(request.pictures[0]).hexdigest()}.", "writing": ""}
    return SAYS[str(request.schema_name)]


def rate(concept: Concept, ratings: Mapping[str, int], **more: Any) -> None:
    """Keeps ratings of pictures that a machine gave."""
    said: dict[str, Any] = {"fingerprint": "simulated", "evidence": [], "rationale": "simulated", **more}
    rated = [
        StoredAnnotation(picture_id=i, definition_number=1, rating=n, **said) for i, n in ratings.items()
    ]
    concept.app.store.add_annotations(concept.id, rated)


@contextmanager
def serving(
    monkeypatch: pytest.MonkeyPatch, answer: Callable[[Request], Any] = judge, **settings: str
) -> Iterator[FakeOpenAI]:
    """As the model that sees, with more `settings` (without DISCERN_)."""
    with FakeOpenAI(answer) as model:
        monkeypatch.setenv("OPENAI_BASE_URL", model.base_url)
        monkeypatch.setenv("DISCERN_VLM_MODEL", "simulated-model")
        for name, value in settings.items():
            monkeypatch.setenv(f"DISCERN_{name.upper()}", value)
        yield model
