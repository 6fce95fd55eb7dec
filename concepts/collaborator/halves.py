"""Which answers may inspire another wording, and which only judge it.

Who reads an answer while rewording finds words that fit that answer. So the answers that may be learned from
are cut in two for good, and no picture ever changes from the half that judges back and forth: one half is
shown to whoever writes, the other one says whether what was written is better.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection as Ids
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Halves:
    """Picture ids. Look-alikes are in the same half."""

    write: list[str]
    judge: list[str]


def halves(groups: Mapping[str, str], commented: Ids[str], key: str) -> Halves:
    """`groups`: picture id → the name of its group of look-alikes; `commented` ids are those that somebody
    remarked on; `key` is the concept's.

    A fair coin that follows from concept and group decides. What a person remarked on is meant to be read,
    so it is in the half that writes, with all its look-alikes.
    """
    remarked = {groups[i] for i in commented if i in groups}
    write: list[str] = []
    judge: list[str] = []
    for picture_id, group in groups.items():
        coin = hashlib.sha256(f"{key} halves {group}".encode()).digest()[0] & 1
        (write if coin or group in remarked else judge).append(picture_id)
    return Halves(write, judge)
