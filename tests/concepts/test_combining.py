"""Rules over finished concepts: tried on the library, kept, taken away as one file. Nobody answers anew."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from answering import answer
from web_screens import Screens

from concepts.bundle.load import load_bundle
from concepts.errors import ConceptInTrashError, ConflictError, DiscernError, NoVersionError, RuleTextError
from concepts.settings import load_settings
from concepts.workbench import Workbench

NAME, OTHER = "Round thing", "Dark one"
RULE = f"{NAME} AND NOT {OTHER}"


@pytest.fixture(scope="module")
def made_two(made_trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of two trained concepts, of which all pictures but those that measure are answered."""
    home = tmp_path_factory.mktemp("two") / "home"
    shutil.copytree(made_trained, home)
    bench = Workbench(load_settings(home=home))
    bench.concepts.begin(OTHER, "A picture that is dark.")
    for n, picture in enumerate(bench.concept(OTHER).labels.next_pictures(24)):
        said = ("yes", "no")[n % 2]
        bench.concept(OTHER).labels.give(picture.id, said, author="me", key=f"dark {picture.id}")
    bench.concept(OTHER).versions.train().wait()
    bench.close()
    return home


@pytest.fixture
def bench(made_two: Path, own_home: Path) -> Workbench:
    shutil.copytree(made_two, own_home)
    return Workbench(load_settings())


def test_a_rule_says_what_each_concepts_own_threshold_would_flag(bench: Workbench) -> None:
    tried = bench.rules.tried(NAME)
    shown = "".join(Screens(bench).load("results", rule=f'"{NAME}"').values())
    assert f"Each concept by its own threshold would flag {tried.by_decisions}: {NAME}" in shown


def test_a_rule_ranks_the_library_by_the_product_with_each_concepts_own_beside(bench: Workbench) -> None:
    tried = bench.rules.tried(RULE.lower(), limit=100)
    assert (tried.rule, [m.concept for m in tried.members]) == (RULE, [NAME, OTHER])
    for picture in tried.pictures:
        round_thing, dark = (said.probability for said in picture.members)
        assert picture.probability == pytest.approx(round_thing * (1 - dark), abs=1e-6)
        assert picture.low <= picture.probability <= picture.high
        assert picture.flagged == (picture.probability >= 0.5)
    shown = [picture.probability for picture in tried.pictures]
    assert shown == sorted(shown, reverse=True)
    assert len(shown) == min(tried.listed, 100)


def test_counts_say_what_is_flagged_nearly_flagged_and_flagged_whatever_goes_together(
    bench: Workbench,
) -> None:
    for threshold in (0.2, 0.5, 0.8):
        tried = bench.rules.tried(f"{NAME} OR {OTHER}", threshold=threshold, limit=100)
        nearly = bench.rules.tried(f"{NAME} OR {OTHER}", threshold=threshold, order="nearly", limit=100)
        assert tried.surely <= tried.flagged <= tried.possibly <= tried.total
        odds = threshold / (1 - threshold) / 2
        assert all(odds / (1 + odds) - 1e-6 <= p.probability < threshold for p in nearly.pictures)
        assert nearly.listed <= nearly.nearly <= tried.total - tried.flagged


def test_pictures_that_measure_a_concept_and_have_no_answer_are_not_shown(bench: Workbench) -> None:
    waiting: set[str] = set()
    for name in (NAME, OTHER):
        concept = bench.context.concept(name)
        waiting |= bench.context.store.kept_apart(concept.id) - bench.concept(name).labels.decisions().keys()
    tried = bench.rules.tried(RULE, limit=200)
    assert waiting
    assert waiting.isdisjoint(picture.id for picture in tried.pictures)
    assert tried.listed == tried.total - len(waiting)


def test_how_often_it_agrees_is_counted_where_all_are_answered_and_apart_from_what_was_learned(
    bench: Workbench,
) -> None:
    common = bench.concept(NAME).labels.decisions().keys() & bench.concept(OTHER).labels.decisions().keys()
    ids = list(bench.context.collection.index().ids.at(np.arange(40)))
    fresh = [i for i in ids if i not in common][:8]
    before = bench.rules.tried(RULE)
    for name in (NAME, OTHER):
        answer(bench, name, [i for i in fresh if i not in bench.concept(name).labels.decisions()])
    tried = bench.rules.tried(RULE, limit=100)
    assert tried.agreement is not None
    answered = [p for p in tried.pictures if all(said.said in ("yes", "no") for said in p.members)]
    right = sum(p.flagged == ([said.said for said in p.members] == ["yes", "no"]) for p in answered)
    agreed = tried.agreement.all
    assert (agreed.n, agreed.right) == (len(answered), right)
    assert agreed.n >= len(fresh)
    assert agreed.low <= right / agreed.n <= agreed.high
    unlearned = tried.agreement.unlearned.n if tried.agreement.unlearned else 0
    assert unlearned < agreed.n or before.agreement is None


def test_what_is_kept_stays_with_its_versions_and_is_numbered(bench: Workbench) -> None:
    first = bench.rules.keep("Lonely ball", RULE, threshold=0.4, author="ana")
    assert (first.number, first.rule, first.threshold, first.author) == (1, RULE, 0.4, "ana")
    bench.concept(NAME).versions.use(1, 0.77, author="me").wait()
    bench.concept(OTHER).definition.rename("Night", author="me")
    kept = bench.rules.one("lonely BALL")
    assert kept.rule == f"{NAME} AND NOT Night"
    assert [member.version for member in kept.members] == [1, 1]
    second = bench.rules.keep("Lonely ball", f"{NAME} OR Night", author="ana")
    assert (second.number, [member.version for member in second.members]) == (2, [2, 1])
    assert [one.number for one in bench.rules.kept("Lonely ball")] == [2, 1]
    assert bench.rules.kept("Lonely ball")[1].rule == kept.rule
    assert [view.number for view in bench.rules.kept()] == [2]


def test_a_kept_rule_is_one_bundle_that_says_what_the_library_was_shown(
    bench: Workbench, tmp_path: Path
) -> None:
    bench.rules.keep("Lonely ball", f"{NAME} AND NOT ({OTHER} AND {NAME})", threshold=0.4, author="me")
    result = bench.rules.export("Lonely ball", tmp_path / "bundle")
    assert result.concepts == {NAME: 1, OTHER: 1}
    bundle = load_bundle(tmp_path / "bundle")
    assert bundle.columns == ("Lonely ball", NAME, OTHER)
    tried = bench.rules.tried("", kept="Lonely ball", limit=100)
    assert tried.twice == (NAME,)
    vectors = bench.context.collection.index().vectors([p.id for p in tried.pictures])
    found = bundle.outputs(vectors)
    assert found.probability[:, 0] == pytest.approx([p.probability for p in tried.pictures], abs=1e-4)
    assert load_bundle(bench.rules.archive("Lonely ball")).columns == bundle.columns


def test_a_rule_of_what_is_not_finished_says_what_is_missing(bench: Workbench) -> None:
    bench.concepts.begin("New", "Nothing yet.")
    for rule, kind in (
        ("", RuleTextError),
        (f"{NAME} AND New", NoVersionError),
        (f"{NAME} AND nobody", DiscernError),
    ):
        with pytest.raises(kind):
            bench.rules.tried(rule)
    with pytest.raises(ConflictError, match="its own concepts"):
        bench.rules.keep(NAME.upper(), RULE, author="me")
    with pytest.raises(DiscernError, match="between 0 and 1"):
        bench.rules.tried(RULE, threshold=1.0)
    bench.rules.keep("Lonely ball", RULE, author="me")
    bench.trash.put(concept=OTHER, author="me")
    assert "in the trash" in bench.rules.one("Lonely ball").problem
    with pytest.raises(ConceptInTrashError):
        bench.rules.archive("Lonely ball")
    assert bench.scoring.concepts() == [NAME]
