"""Rules over finished concepts: tried on the library, kept, taken away as one file. Nobody answers anew."""

from __future__ import annotations

from pathlib import Path

import pytest
from answering import Filled

from concepts.bundle.load import load_bundle
from concepts.definition.revisions import rename
from concepts.errors import ConflictError, DiscernError, RuleTextError, UnknownError
from concepts.labelling.labels import decisions_of, give_label, next_pictures
from concepts.library.collection import collection_of
from concepts.results.concepts import begin_concept
from concepts.results.rules import (
    export_rule,
    export_rule_bundle,
    keep_rule,
    kept_rule,
    kept_rules,
    pictures_by_rule,
)
from concepts.results.scores import concepts_that_score
from concepts.results.trained import train, use_version
from concepts.results.trash import put_into_trash
from concepts.use_cases import App

NAME, OTHER = "Round thing", "Dark one"
RULE = f"{NAME} AND NOT {OTHER}"


def two_trained(bench: App) -> None:
    for name, value_of in ((NAME, lambda n, path: "ellipse" in path), (OTHER, lambda n, path: n % 2 == 0)):
        concept = begin_concept(bench, name, f"A {name}.")
        for n, picture in enumerate(next_pictures(concept, 24)):
            give_label(concept, picture.id, "yes" if value_of(n, picture.path) else "no", author="me")
        bench.concept(name).begin(train).wait()


@pytest.fixture
def bench(filled: Filled) -> App:
    return filled(two_trained)


def test_a_rule_ranks_all_but_test_pictures_by_the_product_and_counts_them(bench: App) -> None:
    tried = pictures_by_rule(bench, RULE.lower(), limit=100)
    assert (tried.rule, [m.concept for m in tried.members]) == (RULE, [NAME, OTHER])
    for picture in tried.pictures:
        round_thing, dark = (said.probability for said in picture.members)
        assert picture.probability == pytest.approx(round_thing * (1 - dark), abs=1e-6)
        assert picture.flagged == (picture.probability >= 0.5)
    shown = [picture.probability for picture in tried.pictures]
    assert shown == sorted(shown, reverse=True)
    assert len(shown) == min(tried.listed, 100)
    waiting: set[str] = set()
    for one in map(bench.concept, (NAME, OTHER)):
        waiting |= bench.store.kept_apart(one.id) - decisions_of(one).keys()
    assert waiting
    assert waiting.isdisjoint(picture.id for picture in tried.pictures)
    assert tried.listed == tried.total - len(waiting)
    for threshold in (0.2, 0.5, 0.8):
        tried = pictures_by_rule(bench, f"{NAME} OR {OTHER}", threshold=threshold, limit=100)
        nearly = pictures_by_rule(bench, f"{NAME} OR {OTHER}", threshold=threshold, order="nearly", limit=100)
        shown = sum(picture.flagged for picture in tried.pictures)  # without test pictures
        assert shown <= tried.flagged <= shown + tried.total - tried.listed
        odds = threshold / (1 - threshold) / 2
        assert all(odds / (1 + odds) - 1e-6 <= p.probability < threshold for p in nearly.pictures)
        assert nearly.listed <= nearly.nearly <= tried.total - tried.flagged


def test_what_is_kept_stays_with_its_versions_until_it_is_kept_anew(bench: App) -> None:
    first = keep_rule(bench, "Lonely ball", RULE, threshold=0.4, author="ana")
    assert (first.rule, first.threshold, first.author) == (RULE, 0.4, "ana")
    use_version(bench.concept(NAME), 1, 0.77, author="me").wait()
    rename(bench.concept(OTHER), "Night", author="me")
    kept = kept_rule(bench, "lonely BALL")
    assert kept.rule == f"{NAME} AND NOT Night"
    assert [member.version for member in kept.members] == [1, 1]
    second = keep_rule(bench, "Lonely ball", f"{NAME} OR Night", author="ana")
    assert [member.version for member in second.members] == [2, 1]
    assert kept_rules(bench) == [second]


def test_a_kept_rule_is_one_bundle_that_says_what_the_app_says(bench: App, tmp_path: Path) -> None:
    keep_rule(bench, "Lonely ball", f"{NAME} AND NOT ({OTHER} AND {NAME})", threshold=0.4, author="me")
    result = export_rule(bench, "Lonely ball", tmp_path / "bundle")
    assert result.concepts == {NAME: 1, OTHER: 1}
    bundle = load_bundle(tmp_path / "bundle")
    assert bundle.columns == ("Lonely ball", NAME, OTHER)
    tried = pictures_by_rule(bench, "", kept="Lonely ball", limit=100)
    vectors = collection_of(bench).index().vectors([p.id for p in tried.pictures])
    found = bundle.outputs(vectors)
    assert found.probability[:, 0] == pytest.approx([p.probability for p in tried.pictures], abs=1e-4)
    assert load_bundle(export_rule_bundle(bench, "Lonely ball")).columns == bundle.columns


def test_a_rule_of_what_is_not_finished_says_what_is_missing(bench: App) -> None:
    begin_concept(bench, "New", "Nothing yet.")
    for rule, kind, said in (
        ("", RuleTextError, "A concept is missing"),
        (f"{NAME} AND New", UnknownError, "no trained version"),
        (f"{NAME} AND nobody", UnknownError, "There is no concept"),
    ):
        with pytest.raises(kind, match=said):
            pictures_by_rule(bench, rule)
    with pytest.raises(ConflictError, match="its own concepts"):
        keep_rule(bench, NAME.upper(), RULE, author="me")
    with pytest.raises(DiscernError, match="between 0 and 1"):
        pictures_by_rule(bench, RULE, threshold=1.0)
    keep_rule(bench, "Lonely ball", RULE, author="me")
    put_into_trash(bench, concept=OTHER, author="me")
    assert "in the trash" in kept_rule(bench, "Lonely ball").problem
    with pytest.raises(UnknownError, match="is in the trash"):
        export_rule_bundle(bench, "Lonely ball")
    assert concepts_that_score(bench) == [NAME]
