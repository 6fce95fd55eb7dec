"""Answers in another's name: kept with who brought them, and only an owner may bring them."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from web_screens import PASSWORD, add_people

from concepts.labelling.label_files import label_rows
from concepts.labelling.labels import give_label
from concepts.results.concepts import begin_concept
from concepts.results.library import browse
from concepts.use_cases import App
from web.server import create_app

LEA, OLA = ("lea", PASSWORD), ("ola", PASSWORD)


@pytest.fixture
def bench(own_library: App) -> App:
    add_people(own_library.settings)
    begin_concept(own_library, "Ball", "A ball.")
    return own_library


@pytest.fixture
def api(bench: App) -> TestClient:
    return TestClient(create_app(bench), base_url="http://127.0.0.1:7860/api/v1/")


def test_a_labeller_brings_their_own_answers_and_nobody_elses(bench: App, api: TestClient) -> None:
    one, two = (p.id for p in browse(bench, limit=2).pictures)
    file = f"id,label,author\n{one},yes,lea\n{two},no,ana\n"
    answer = api.post("concepts/Ball/labels/import", content=file, auth=LEA)
    assert answer.status_code == 200, answer.text
    assert answer.json()["imported"] == answer.json()["bad"] == 1
    assert "only an owner" in answer.json()["bad_rows"][0]["reason"]
    (row,) = label_rows(bench.concept("Ball"))
    assert (row["label"], row["author"], row["recorded_by"]) == ("yes", "lea", "")


def test_a_labeller_reads_what_others_said_once_they_have_answered_themselves(
    bench: App, api: TestClient
) -> None:
    one, two = (p.id for p in browse(bench, limit=2).pictures)
    for picture, value in ((one, "yes"), (two, "no")):
        give_label(bench.concept("Ball"), picture, value, author="ana", key=f"ana {picture}")

    def read(who: tuple[str, str]) -> list[set[str]]:
        """The pictures of which ana's answer is told, by each way of asking."""
        listed = api.get("concepts/Ball/labels", auth=who).json()
        files = (
            api.get(f"concepts/Ball/labels/export?format={name}", auth=who).text for name in ("csv", "coco")
        )
        asked = {picture: api.get(f"library/pictures/{picture}", auth=who).json() for picture in (one, two)}
        return [
            {row["id"] for row in listed if row["author"] == "ana"},
            *({picture for picture in (one, two) if picture in text} for text in files),
            {picture for picture, found in asked.items() if found["labels"]},
        ]

    assert read(LEA) == [set()] * 4
    assert read(OLA) == [{one, two}] * 4
    api.post("concepts/Ball/labels", json={"answers": [{"picture": two, "value": "yes"}]}, auth=LEA)
    assert read(LEA) == [{two}] * 4
