"""What figures cover: whether many pictures came after them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from concepts.results.quality import newer


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (1000, ""),
        (1040, ""),
        (900, ""),  # some were removed, which is said apart
        (1250, "250 pictures came after this test, 20 % of all. It doesn’t cover them."),
    ],
)
def test_how_many_pictures_came_after_the_test_is_said_where_it_matters(now: int, said: str) -> None:
    assert newer(SimpleNamespace(looked_at=1000), now) == said
