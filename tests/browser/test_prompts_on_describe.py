"""How models are asked, on Describe: read as it will be sent, changed, compared and taken back."""

from __future__ import annotations

from typing import Any

from accessible import serious_in_both_themes

NAME = "Prompted on Describe"
PROMPT = "annotate.system"


def test_a_prompt_is_changed_compared_and_taken_back(site: Any, page: Any) -> None:
    site.bench.concepts.begin(NAME, "A filled ellipse.")
    page.goto(f"{site.url}/describe?concept={NAME}")
    page.get_by_text("Prompts", exact=True).click()
    page.get_by_role("button", name=f"Read or change {PROMPT}", exact=True).click()
    text = page.get_by_label("What the model is told")
    text.wait_for()
    default = text.input_value()
    text.fill(default + "\n\nBe strict.")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    page.locator(".diff ins", has_text="Be strict.").wait_for()
    assert "Be strict." in page.locator("pre.sent").first.inner_text()
    tiles = page.get_by_role("group", name="With another picture").get_by_role("button")
    tiles.nth(1).click()
    page.locator("button[aria-pressed=true]", has=page.get_by_alt_text("picture 2")).wait_for()
    assert serious_in_both_themes(page) == []
    page.get_by_role("button", name="Back to the default").click()
    page.get_by_text("Back to the default.").wait_for()
    assert text.input_value() == default
    assert not site.bench.concept(NAME).prompts.get(PROMPT).own
