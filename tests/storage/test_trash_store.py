"""The list of what is in the trash, on both databases."""

from __future__ import annotations

from rows import add_pictures, picture_ids

from storage.collections import NamedCollections
from storage.combinations import CombinationStore
from storage.concepts import ConceptStore
from storage.database import Database
from storage.removed import Removed
from storage.trash import TrashStore


def test_every_kind_is_in_one_list_with_the_last_first_and_in_pages(database: Database) -> None:
    ids = picture_ids(2)
    add_pictures(database, ids)
    concepts, named, trash = ConceptStore(database), NamedCollections(database), TrashStore(database)
    assert trash.page(None, 10) == []
    Removed(database).remove(ids, "ana")
    concept = concepts.create("Messy Room").id
    concepts.put_away(concept)
    collection = named.make("Rooms", "hand", {}, ids, "me")
    named.remove(collection)
    CombinationStore(database).add("Both", [(concept, 1)], {}, 0.5, "ben", removed=True)
    everything = trash.page(None, 10)
    assert [(one.kind, one.id, one.author) for one in everything] == [
        ("rule", "Both", "ben"),
        ("collection", str(collection), ""),
        ("concept", str(concept), ""),
        *(("picture", i, "ana") for i in sorted(ids, reverse=True)),
    ]
    assert everything[1].pictures == 2
    assert trash.page(None, 2, 1) == everything[1:3]
    assert trash.page("concept", 10) == everything[2:3]
    assert trash.page("picture", 10, 1) == everything[4:]
    assert trash.find("concept", " messy  room ") == concept
    assert trash.find("collection", "ROOMS") == collection
    assert trash.find("concept", "Rooms") is None
