"""The one-file page over HTTP: who may take it."""

from __future__ import annotations

from answering import answer
from web_screens import add_people, browser

from concepts.workbench import Workbench
from web.server import create_app

NAME = "Round & <b>thing"
BY_PROGRAM = f"/api/v1/concepts/{NAME}/versions/1/page".replace("&", "%26")
BY_BUTTON = f"/app/version.html?concept={NAME.replace('&', '%26')}&version=1"


def test_only_owners_take_the_file_in_which_what_people_wrote_is_escaped(library: Workbench) -> None:
    add_people(library.context.settings)
    concept = library.concepts.begin(NAME, "A filled ellipse.")
    answer(library, NAME, [p.id for p in concept.labels.next_pictures(20)])
    concept.versions.train().wait()
    app = create_app(library)
    for who, by_program, by_button in (
        ("ola", 200, 200),
        ("lea", 403, 403),
        ("vic", 403, 403),
        ("", 401, 303),
    ):
        client = browser(app, who)
        assert client.get(BY_PROGRAM).status_code == by_program, who
        assert client.get(BY_BUTTON, headers={"accept": "text/html"}).status_code == by_button, who
    file = browser(app, "ola").get(BY_PROGRAM)
    assert file.headers["content-disposition"].startswith("attachment")
    assert "Round &amp; &lt;b&gt;thing" in file.text
    deed = library.installation.deeds(1)[0]
    assert (deed.who, deed.what) == ("ola", "shared a version as a file")
