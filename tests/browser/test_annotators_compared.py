"""Annotators side by side on Review: axe finds nothing serious, and one press switches."""

from __future__ import annotations

from typing import Any

import pytest
from accessible import wrong_with_looks

from concepts.collaborator.comparing import AnnotatorsCompared, Compared
from concepts.collaborator.setups import Setup

NAME = "Compared"


def compared(name: str, agree: int, **changes: Any) -> Compared:
    known: dict[str, Any] = {
        "annotator": "builtin",
        "large": False,
        "examples": False,
        "repeats": False,
        "agreement": agree / 100,
        "low": agree / 100 - 0.08,
        "high": agree / 100 + 0.06,
        "unsure": 4,
        "failed": 1,
        "usd": 0.0,
        "measured": True,
        "seconds": 0.2,
        "change": 0.0,
        "change_low": -0.1,
        "change_high": 0.1,
        "in_use": False,
        "recommended": False,
    }
    return Compared(name=name, agree=agree, **known | changes)


@pytest.fixture(scope="module")
def concept(site: Any) -> None:
    """With the result of a comparison."""
    bench = site.bench
    bench.concepts.begin(NAME, "A filled ellipse, not a rectangle.")
    found = AnnotatorsCompared(
        definition=1,
        pictures=100,
        setups=[
            compared("simulated-model", 74, annotator="vlm", usd=0.00036, in_use=True),
            compared("builtin", 61),
            compared(
                "simulated-model, in steps, with examples",
                91,
                annotator="decomposed",
                examples=True,
                usd=0.0011,
                measured=False,
                seconds=None,
                recommended=True,
            ),
        ],
        reason="It surely agrees with you more often than what is in use: by 6 to 24 of 100.",
        substitute=None,
        calls=400,
        cost_usd=0.21,
        stopped="",
    )
    store = bench.jobs.store
    job = store.add("compare annotators", {"budget": None}, bench.context.concept(NAME).id)
    store.claim(job)
    store.finish(job, "done", result=found.model_dump(mode="json"))


def test_axe_finds_nothing_serious_and_one_press_switches(site: Any, page: Any, concept: None) -> None:
    page.goto(f"{site.url}/review?concept={NAME}")
    page.wait_for_selector("table.figures")
    assert wrong_with_looks(page) == []
    row = page.locator("tr", has_text="the built-in comparison")
    row.get_by_role("button", name="Use this one").click()
    row.get_by_text("in use").wait_for()
    assert site.bench.concept(NAME).annotators.in_use() == Setup("builtin")
