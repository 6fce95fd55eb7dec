"""Pictures that look the same are asked about once: what is said of one holds for the others."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace

from concepts.collaborator.base import Annotation


class Groups:
    """What is to be annotated, by groups of near-duplicates. Where a group's first picture can't be judged,
    its second is asked about later."""

    def __init__(self, ids: Sequence[str], groups: Sequence[str]) -> None:
        self._members: dict[str, list[str]] = {}
        for picture_id, group in zip(ids, groups, strict=True):
            self._members.setdefault(group, []).append(picture_id)
        self._group_of = dict(zip(ids, groups, strict=True))
        self._waiting = deque(self._members)

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def next(self, n: int) -> list[str]:
        """One picture of each of the next n groups."""
        return [self._members[self._waiting.popleft()][0] for _ in range(min(n, len(self._waiting)))]

    def others(self, picture_id: str) -> list[str]:
        """Those that share what is said of this picture."""
        return [i for i in self._members[self._group_of[picture_id]] if i != picture_id]

    def failed(self, picture_id: str) -> None:
        """This one can't be judged; the rest of its group waits for its own turn."""
        group = self._group_of[picture_id]
        self._members[group].remove(picture_id)
        if self._members[group]:
            self._waiting.append(group)

    def copies(self, known: Mapping[str, str]) -> dict[str, str]:
        """Picture id → the picture of its group that was looked at before (group → picture). They wait no
        longer."""
        found = {i: known[group] for i, group in self._group_of.items() if group in known}
        self._waiting = deque(group for group in self._waiting if group not in known)
        return found


def copy_of(said: Annotation, picture_id: str) -> Annotation:
    return replace(said, picture_id=picture_id, same_as=said.same_as or said.picture_id)
