"""Two apps over one database and one home, as two processes have them: what one does counts in the
other at its next look."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from at_once import at_once
from postgres import ON_BOTH

from concepts.errors import SettingsError
from concepts.installation.jobs import is_news, list_jobs, note_begun, note_told, save_endpoint_settings
from concepts.jobs import JobRunner
from concepts.labelling.labels import decisions_of, give_label, label_count, next_pictures, take_back_labels
from concepts.labelling.waves import draw_more_test_pictures
from concepts.library.collection import collection_of
from concepts.results.library import browse, library_info, look_after, search_library, thumbnail_of
from concepts.results.trash import put_into_trash
from concepts.settings import load_settings
from concepts.use_cases import App

NAME = "Round thing"
pytestmark = pytest.mark.parametrize("kept_in", ON_BOTH)


@pytest.fixture
def one(bench: App) -> App:
    return bench


@pytest.fixture
def other(open_bench: Callable[[], App], one: App) -> App:
    return open_bench()


def test_what_is_answered_in_one_is_counted_and_asked_no_more_in_the_other(one: App, other: App) -> None:
    pictures = [picture.id for picture in next_pictures(one.concept(NAME), 4)]
    assert label_count(other.concept(NAME)).answers == 0
    for number, picture in enumerate(pictures):
        give_label((one, other)[number % 2].concept(NAME), picture, "yes", author="me", key=picture)
        assert [label_count(b.concept(NAME)).answers for b in (one, other)] == [number + 1] * 2
    assert not {p.id for p in next_pictures(other.concept(NAME), 10)} & set(pictures)
    (undone,) = take_back_labels(other.concept(NAME), author="me")
    assert (undone.picture, undone.value) == (pictures[-1], "yes")
    assert label_count(one.concept(NAME)).answers == 3
    assert pictures[-1] not in decisions_of(one.concept(NAME))


def test_two_that_draw_pictures_to_measure_with_at_once_draw_one_set(one: App, other: App) -> None:
    concept = one.concept(NAME).row
    at_once(2, lambda i: draw_more_test_pictures((one, other)[i].concept_of(concept.id), at_least=40))
    drawn = list(one.store.evaluation_pictures(concept.id))
    waves = [wave.number for wave in other.store.waves(concept.id)]
    assert waves == list(range(1, len(waves) + 1))
    assert list(other.store.evaluation_pictures(concept.id)) == drawn
    draw_more_test_pictures(one.concept_of(concept.id), at_least=40)
    assert len(one.store.waves(concept.id)) == len(waves)


def test_pictures_removed_in_one_are_found_no_more_in_the_other(one: App, other: App) -> None:
    found = [hit.id for hit in search_library(other, "a disc", n=5)]
    put_into_trash(one, pictures=[*found[:2]], author="me")
    again = [hit.id for hit in search_library(other, "a disc", n=5)]
    assert not set(again) & set(found[:2])
    assert library_info(other).pictures == library_info(one).pictures


def test_settings_saved_in_one_count_in_the_other_and_leave_it_its_own_where_they_cant_be_read(
    one: App, other: App
) -> None:
    given = one.settings
    save_endpoint_settings(other, {"openai_base_url": "http://127.0.0.1:9/v1", "llm_model": "words"})
    one.settings = given  # hides nothing that was saved in the other
    assert one.settings.llm_model == "words"
    assert one.settings.has_endpoint
    assert one.settings.database == other.settings.database
    save_endpoint_settings(one, {"llm_model": None})
    assert other.settings.llm_model is None
    assert other.settings.openai_base_url == "http://127.0.0.1:9/v1"
    save_endpoint_settings(one, {"llm_model": "more words"})
    (one.settings.home / "settings.json").write_text("{")
    assert other.settings.llm_model is None
    with pytest.raises(SettingsError):
        load_settings()


def test_the_end_of_a_job_is_news_for_who_began_it_wherever_they_look(one: App, other: App) -> None:
    job = look_after(one, repair=False).id
    note_begun(one, job, "ana")
    assert is_news(other, job, "ana")
    assert not is_news(other, job, "ben")
    note_told(other, job, "ana")
    assert not is_news(one, job, "ana")


def test_damage_that_another_process_mended_is_said_no_more(
    one: App, other: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(JobRunner, "is_started", True)  # and work waits for a process that has room
    (picture,) = browse(one, limit=1).pictures
    collection_of(one).thumbnails.delete(picture.id)
    thumbnail_of(one, picture.id)
    assert "Thumbnails" in library_info(one).damage
    (job,) = [job for job in list_jobs(one) if job.kind == "check library"]
    other.jobs.resume(job.id)
    assert library_info(one).damage == ""
