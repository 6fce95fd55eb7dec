"""Home leads to the first concept, and Describe from a sentence to the first label."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from drawing import draw_folder
from web_screens import Screens

from concepts.definition.document import Criterion, Query
from concepts.language.prompts import editable
from concepts.settings import Settings
from concepts.workbench import Workbench

NAME = "Disc"
DISC = {"concept": NAME}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path) -> Iterator[Workbench]:
    root = tmp_path_factory.mktemp("home")
    bench = Workbench(Settings(home=root / "home"))
    bench.library.add([draw_folder(root / "pictures", 60)], encoder=f"local-dir:{tiny_open_clip}").wait()
    yield bench
    bench.close()


@pytest.fixture
def screens(bench: Workbench) -> Iterator[Screens]:
    """With one concept."""
    bench.concepts.begin(NAME, "A filled ellipse; not a rectangle.")
    yield Screens(bench)
    bench.trash.put(concept=NAME, author="me")


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def primary(html: str) -> list[str]:
    """The words of the buttons and links that come next."""
    found = re.findall(r'<(button|a) [^>]*class="btn [^"]*primary[^"]*"[^>]*>(.*?)</\1>', html, re.DOTALL)
    return [words(inner) for _, inner in found]


def test_before_the_first_picture_home_leads_to_them_and_shows_an_example(own_home: Path) -> None:
    bench = Workbench(Settings(home=own_home))
    shown = Screens(bench).load("")
    assert primary("".join(shown.values())) == ["Import pictures"]
    assert re.search(r"1 Pictures .* 2 Concept .* 3 Labels .* Example result", words(shown["home-first"]))
    assert re.search(r"\d+ % are right \(\d+–\d+ %\), on 120 test pictures", words(shown["home-first"]))
    assert shown["home-concepts"] == ""
    assert "on a server or, as an option, in a browser" in words(shown["home-first"])
    assert "Folders are read where they are, uploads are copied; nothing leaves this computer." in words(
        shown["home-first"]
    )
    bench.close()


def test_with_pictures_a_new_concept_comes_next_and_the_example_goes_with_it(bench: Workbench) -> None:
    screens = Screens(bench)
    shown = screens.load("")
    assert primary("".join(shown.values())) == ["New concept"]
    assert "60 pictures" in words(shown["home-first"])
    dialog = screens.press("home-first", "ask-new")["home-dialog"]
    assert [words(label) for label in re.findall("<label[^>]*>(.*?)</label>", dialog)][:3] == [
        "Name", "What counts", "What doesn’t (optional, one a line)",
    ]  # fmt: skip
    fields = {"name": NAME, "sentence": "A filled ellipse", "not": "a rectangle\n\na line"}
    assert f"/describe?concept={NAME}" in screens.press("home-dialog", "begin", **fields)["home-dialog"]
    excluded = bench.concept(NAME).definition.read().revision.definition.of_kind("excluding")
    assert [criterion.text for criterion in excluded] == ["a rectangle", "a line"]
    shown = screens.load("")
    assert shown["home-first"] == ""
    assert "0 labels · not tested yet · Next: Describe" in words(shown["home-concepts"])
    bench.trash.put(concept=NAME, author="me")
    assert "Example result" in screens.load("")["home-first"]


def test_a_new_concept_that_is_refused_keeps_what_was_typed(screens: Screens) -> None:
    typed = {"name": NAME.lower(), "sentence": "Any disc", "not": "a ball"}
    dialog = screens.press("home-dialog", "begin", **typed)["home-dialog"]
    assert "Nothing was created" in dialog
    assert all(text in dialog for text in typed.values())


def test_a_concept_that_is_put_away_on_its_card_leaves_undo_beside_the_message(screens: Screens) -> None:
    shown = screens.press("home-concepts", "trash-concept", f"ids={NAME}")
    head = shown["home-head"]
    assert 'href="/library?view=trash&amp;kind=concept"' in shown["home-concepts"]
    back = re.search(r'data-action="restore-concept" data-value="([^"]*)"', head)
    assert back
    assert NAME in screens.press("home-head", "restore-concept", unescape(back[1]))["home-concepts"]


def test_one_step_comes_next_first_candidates_then_labels(bench: Workbench, screens: Screens) -> None:
    def next_step() -> list[str]:
        return primary("".join(screens.load("describe", **DISC).values()))

    assert next_step() == ["Find candidates"]
    bench.concept(NAME).definition.mine(size=20).wait()
    assert next_step() == ["Start labelling"]
    (picture,) = bench.concept(NAME).labels.next_pictures(1)
    bench.concept(NAME).labels.give(picture.id, "yes", author="me")
    assert next_step() == ["Continue labelling"]


def test_a_search_shows_what_it_finds_before_it_is_saved(bench: Workbench, screens: Screens) -> None:
    screens.load("describe", **DISC)
    shown = screens.press("describe-queries", "search", "a rectangle", DISC)
    assert shown.keys() == {"describe-tried"}
    found = set(re.findall(r"/media/thumbnail/([0-9a-f]{64})", shown["describe-tried"]))
    assert len(found) == 8
    assert not found & set(bench.context.store.evaluation_pictures(bench.context.concept(NAME).id))
    assert bench.concept(NAME).definition.read().revisions == 1
    assert screens.press("describe-queries", "search", "", DISC) == {"describe-tried": ""}


def test_each_criterion_stands_on_its_side_and_an_open_kind_is_decided_by_one_press(
    bench: Workbench, screens: Screens
) -> None:
    definition = bench.concept(NAME).definition.read().revision.definition
    criteria = (
        Criterion(kind="necessary", text="it is filled"),
        Criterion(kind="included", text="a coin", of="it is filled", origin="model"),
        Criterion(kind="excluding", text="a ring", of="it is filled"),
        Criterion(kind="undecided", text="an egg"),
    )
    queries = (Query(text="a plate"), Query(text="a box", counts=False))
    changed = definition.model_copy(update={"criteria": criteria, "queries": queries})
    bench.concept(NAME).definition.revise(changed, author="me")
    shown = screens.load("describe", **DISC)
    said = words(shown["describe-document"])
    order = ["What counts", "it is filled", "a coin", "What doesn’t", "a ring", "Not decided", "an egg"]
    assert re.search(".*".join(map(re.escape, order)), said)
    assert shown["describe-document"].count('data-action="keep-criterion"') == 1
    assert re.search("Searches.*a plate.*Counter-examples.*a box", words(shown["describe-queries"]))
    after = screens.press("describe-document", "turn-kind", "2:3:excluding", DISC)
    assert "“an egg” now excludes" in after["describe-head"]
    assert "Not decided" not in after["describe-document"]


def test_a_press_behind_an_own_change_of_the_sentence_holds_and_one_behind_another_change_does_not(
    bench: Workbench, screens: Screens
) -> None:
    screens.press("describe-document", "add-criterion", "1:", DISC, kind="excluding", text="a ring")
    screens.press("describe-document", "sentence", "2:", DISC, text="An ellipse")
    shown = screens.press("describe-document", "drop-criterion", "2:0", DISC)
    assert "removed “a ring”" in shown["describe-head"]
    assert bench.concept(NAME).definition.read().revision.definition.description == "An ellipse"
    stale = screens.press("describe-document", "add-criterion", "2:", DISC, kind="excluding", text="a line")
    assert "changed meanwhile" in stale["describe-head"]


def test_what_library_calls_an_album_describe_does_too(screens: Screens) -> None:
    dialog = words(screens.press("describe-more", "ask-where", "", DISC)["describe-dialog"])
    assert "No albums yet." in dialog
    assert "ollection" not in dialog


def test_no_field_speaks_of_another_concept(screens: Screens) -> None:
    shown = "".join(screens.load("describe", **DISC).values())
    shown += screens.press("home-first", "ask-new")["home-dialog"]
    assert not re.search(r'placeholder="[^"]*(?:room|floor|kitchen)', shown, re.IGNORECASE)


def test_several_examples_are_chosen_one_behind_the_other_from_the_same_dialog(
    bench: Workbench, screens: Screens
) -> None:
    dialog = screens.press("describe-examples", "pick", "", DISC)["describe-dialog"]
    counts = re.findall(r'data-action="example" data-value="(\S*:yes:\w+)"', dialog)
    for value in counts[:2]:
        shown = screens.press("describe-dialog", "example", value, DISC)
        assert "describe-dialog" not in shown
        assert not shown["describe-picked"]
        picture = value.rpartition(":")[2]
        assert shown[f"pick-{picture}"].count('aria-pressed="true"') == 1
    examples = bench.concept(NAME).definition.read().revision.definition.examples
    assert examples == tuple(value.rpartition(":")[2] for value in counts[:2])
    after = screens.press("describe-document", "add-criterion", "1:", DISC, kind="excluding", text="a ring")
    assert "added “a ring”" in after["describe-head"]
    stale = screens.press("describe-head", "restore", "2:1", DISC)
    assert "changed meanwhile" in stale["describe-head"]


def test_proposals_without_a_model_are_called_searches_and_counted_once_they_are_there(
    bench: Workbench, screens: Screens
) -> None:
    assert "Propose searches" in words(screens.load("describe", **DISC)["describe-document"])
    definition = bench.concept(NAME).definition
    before = len(definition.read().revision.definition.queries)
    definition.propose().wait()
    after = definition.read().revision.definition
    assert (before, len(after.criteria)) == (0, 1)
    counting = sum(query.counts for query in after.queries)
    said = words(screens.tick("describe", **DISC)["describe-head"])
    assert f"Saved as definition 2: added 1 criterion and {counting} search" in said
    assert "from the built-in words." in said


def test_every_prompt_that_can_be_edited_is_there(screens: Screens) -> None:
    prompts = screens.load("describe", **DISC)["describe-prompts"]
    assert set(re.findall('aria-label="Read or change ([^"]+)"', prompts)) == set(editable())
