"""Words in other languages than English, and words that no picture answers to. The encoder is the built-in
one, the language model SIMULATED behind real HTTP."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from drawing import draw_folder
from fake_openai import MODEL, FakeOpenAI

from concepts.collaborator.proposals import propose
from concepts.definition.revisions import definition_of
from concepts.encoders.base import reads_english_best
from concepts.encoders.sentences import looks_english
from concepts.language.prompts import load_prompt
from concepts.library import search
from concepts.library.filters import PictureSelection
from concepts.library.upkeep import reembed
from concepts.results.concepts import begin_concept, concept_page, concept_state, new_concept
from concepts.results.library import browse, import_pictures
from concepts.rooms import open_app
from concepts.settings import Settings
from concepts.use_cases import App

GERMAN, ENGLISH = "Reife Äpfel in einer Kiste", "Ripe apples in a crate"
PROPOSED = {
    "included": [{"text": "grüne Äpfel"}],
    "queries_that_count": ["apples in a crate"],
    "queries_that_look_similar": ["pears in a crate"],
}
ROOT = Path(__file__).parents[2]


@pytest.fixture
def bench(warm_home: Path, tmp_path: Path) -> App:
    bench = open_app(Settings(home=warm_home))
    import_pictures(bench, [draw_folder(tmp_path / "drawn", 20)], encoder="embedded").wait()
    return bench


def with_model(bench: App, server: FakeOpenAI) -> App:
    home, server.answer = bench.settings.home, lambda request: PROPOSED
    return open_app(Settings(home=home, openai_base_url=server.base_url, llm_model=MODEL))


def test_nine_of_ten_sentences_in_twelve_languages_are_told_from_english() -> None:
    languages = tomllib.loads((ROOT / "tests/fixtures/languages.toml").read_text(encoding="utf-8"))
    sentences = [sentence for some in languages.values() for sentence in some]
    assert (len(languages), len(sentences)) == (12, 60)
    assert sum(not looks_english(sentence) for sentence in sentences) >= 54


def test_every_sentence_of_the_study_looks_english() -> None:
    files = [tomllib.loads(file.read_text(encoding="utf-8")) for file in (ROOT / "docs/study").glob("*.toml")]
    tables = [one for file in files for one in file.values() if isinstance(one, dict)]
    texts = [text for one in tables for text in (one["description"], *one.get("searches", ()))]
    assert len(texts) > 200
    assert [text for text in texts if not looks_english(text)] == []


def test_a_search_says_what_words_the_encoder_and_the_library_have_no_answer_to(bench: App) -> None:
    hints = {
        **dict.fromkeys(["manzana", "Apfel", GERMAN], search.NOT_ENGLISH),
        "زجاجات فارغة بجانب سلة المهملات": search.NOT_ENGLISH,
        "graffiti": search.HARDLY_KNOWN,
        "a banana": search.FEW_MATCH,
    }
    pages = {words: browse(bench, PictureSelection(q=words)) for words in hints}
    assert {words: page.hint for words, page in pages.items()} == hints
    assert {len(page.pictures) for page in pages.values()} == {20}  # the nearest pictures all the same


def test_a_concept_says_who_understands_its_sentence(bench: App, server: FakeOpenAI) -> None:
    assert new_concept(bench, "Äpfel", description=GERMAN, author="me").hint == search.WRITE_ENGLISH
    assert new_concept(bench, "Apples", description=ENGLISH, author="me").hint == ""
    by_model = concept_page(with_model(bench, server).concept("Äpfel")).hint
    assert by_model == search.BY_MODEL.format(model=MODEL)


def test_with_an_encoder_of_many_languages_only_built_in_proposals_are_told_of(
    bench: App, server: FakeOpenAI, tiny_open_clip: Path
) -> None:
    bench.begin(reembed, f"local-dir:{tiny_open_clip}").wait()
    assert browse(bench, PictureSelection(q=GERMAN)).hint == ""
    assert new_concept(bench, "Äpfel", description=GERMAN, author="me").hint == search.ADD_YOUR_OWN
    concept = with_model(bench, server).concept("Äpfel")
    assert concept_state(concept).hint == ""
    concept.begin(propose).wait()
    assert load_prompt("english").text not in server.requests[-1].text


def test_a_model_is_asked_for_english_searches_where_the_person_writes_otherwise(
    bench: App, server: FakeOpenAI
) -> None:
    for sentence, asks in ((GERMAN, True), (ENGLISH, False)):
        concept = begin_concept(with_model(bench, server), f"Äpfel {asks}", sentence)
        concept.begin(propose).wait()
        assert (load_prompt("english").text in server.requests[-1].text) == asks
        proposed = definition_of(concept).definition
        assert "grüne Äpfel" in {criterion.text for criterion in proposed.criteria}
        built_in = any(query.origin == "vocabulary" for query in proposed.queries)
        assert built_in != asks  # nouns near a sentence that the vocabulary can't read would be chance


def test_only_encoders_that_are_known_to_read_english_are_said_to() -> None:
    english = ("embedded", "ViT-B-32-256/datacomp_s34b_b86k", "PE-Core-B-16/meta", "ViT-B-16/dfn2b")
    others = ("ViT-B-32-SigLIP2-256/webli", "ViT-H-14-worldwide/metaclip2_worldwide", "local-dir:/datacomp")
    others += ("transformers:google/siglip2-base-patch16-224", "xlm-roberta-base-ViT-B-32/laion5b_s13b_b90k")
    assert [reads_english_best(name) for name in (*english, *others)] == [True] * 4 + [False] * 5
