"""A tile of a rule says what another may not: nothing twice, and nothing that holds for all of them."""

from __future__ import annotations

from typing import Any

from concepts.classifier.rule_scores import Member, MemberSaid, RulePicture, Tried
from web.render import render


def picture(number: int, *members: MemberSaid, flagged: bool = True) -> RulePicture:
    return RulePicture(
        id=f"{number:064x}",
        path=f"/pictures/{number}.jpg",
        probability=0.9,
        flagged=flagged,
        members=members,
    )


def messy(said: str = "") -> MemberSaid:
    return MemberSaid(concept="Messy room", probability=0.9, said=said)


PEOPLE = MemberSaid(concept="People", probability=0.02, said="no")


def tiles(names: tuple[str, ...], *pictures: RulePicture) -> tuple[str, list[str]]:
    """The page, and the words of each tile."""
    values: dict[str, Any] = {
        "rule": " AND ".join(names),
        "threshold": 0.5,
        "members": tuple(Member(concept=name, version=1) for name in names),
        "total": 9,
        "listed": 9,
        "flagged": 4,
        "nearly": 1,
        "order": "top",
        "start": 0,
        "pictures": pictures,
    }
    html = render("results/rule.html", page=Tried(**values), size=24, concept=None, scales={})
    shown = html.partition('<ul class="pictures combined">')[2].partition("</ul>")[0].split("</li>")[:-1]
    assert all(
        f'href="/library?open={one.id}">' in tile and f"Open {one.id.lstrip('0')}.jpg: " in tile
        for one, tile in zip(pictures, shown, strict=True)
    )
    return html, [" ".join(_words(tile.partition("</span>")[2])) for tile in shown]


def _words(html: str) -> list[str]:
    return [
        word for part in html.split("<")[1:] for word in part.partition(">")[2].replace("\xa0", " ").split()
    ]


def test_of_a_single_concept_the_probability_stands_once() -> None:
    _, said = tiles(("Messy room",), picture(1, messy("yes")), picture(2, messy()))
    assert said == ["90 % labelled yes", "90 %"]


def test_of_two_each_says_its_own() -> None:
    _, said = tiles(("Messy room", "People"), picture(1, messy(), PEOPLE))
    assert said == ["90 % Messy room 90 % People 2 %, labelled no"]


def test_which_are_flagged_is_said_where_some_are_not() -> None:
    _, said = tiles(("Messy room",), picture(1, messy()), picture(2, messy(), flagged=False))
    assert said == ["90 % flagged", "90 %"]
