"""Which words of a page are counted as visible: on a page made up for it."""

from __future__ import annotations

from playwright.sync_api import Page

from tools.measure.screens import UNFOLD, VISIBLE_TEXT

PAGE = """<style>
  .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden }
  .mark::before { content: "written by style" / "said aloud" }
  .off { display: none } .clear { opacity: 0 } .away { position: absolute; left: -999px }
</style>
<h1>Heading</h1>
<p class="mark">Paragraph <span class="unseen">for readers</span></p>
<p><i class="off">off</i><i class="clear">clear</i></p>
<a class="away" href="#">Skip</a>
<input placeholder="Empty field"><input value="typed" placeholder="Full field">
<select><option>First</option><option selected>Second</option></select>
<input type="submit" value="Send"><img alt="a picture" src="data:,">
<details><summary>More</summary>Folded</details>
<div popover>Menu</div>"""
ALWAYS = {"Heading", "Paragraph", "written by style", "Empty field", "Second", "Send", "More"}


def test_what_is_painted_is_counted_and_what_is_folded_away_only_once_unfolded(page: Page) -> None:
    page.set_content(PAGE)
    assert texts(page) == ALWAYS
    page.evaluate(UNFOLD)
    assert texts(page) == ALWAYS | {"Folded", "Menu"}


def texts(page: Page) -> set[str]:
    return {text.strip() for text in page.evaluate(VISIBLE_TEXT)}
