"""Ids of pictures, and where they are, as columns: no row of a million becomes an object of Python's."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import select

from storage.database import Store
from storage.dialects import as_json
from storage.tables import SourceRow
from storage.vectors.ids import ID_TYPE, Keys, PictureIds, beginnings, encoded, first_located


class Places(Store):
    def first(self, ids: PictureIds) -> pa.StringArray:
        """(n,) the first place of each of these pictures, "" of one that has none. For ids that lie close
        together: all in between are read.

        The database hands them out as two texts. That takes a third of the time of rows, and whoever holds
        the interpreter need not wait meanwhile. It isn't asked for an order: they come in that of an index,
        and to promise it SQLite would copy every row.
        """
        s = SourceRow
        lowest, highest = ids.at(np.array([0, len(ids) - 1]))
        with self._database.read() as session:
            query = select(as_json(session, s.picture_id), as_json(session, s.uri))
            of, found = session.execute(query.where(s.picture_id.between(lowest, highest))).one()
        places = _texts(found)
        known, places = _in_order(_keys(of, len(places)), places)
        rows, there = first_located(known, ids.keys)
        return pc.fill_null(places.take(pa.array(rows, mask=~there)), "")


def texts_of(ids: PictureIds) -> pa.StringArray:
    """(n,) in order. Where all have 64 letters, none becomes an object of Python's."""
    known = np.ascontiguousarray(ids.keys)
    if not known.view(np.uint8)[known.itemsize - 1 :: known.itemsize].all():  # the last letter of each
        return pa.array(list(ids), pa.string())
    ends = np.arange(len(known) + 1, dtype=np.int32) * known.itemsize
    return pa.StringArray.from_buffers(len(known), pa.py_buffer(ends), pa.py_buffer(known))


def _keys(found: bytes | None, count: int) -> Keys:
    """A JSON list of so many ids, as they are kept. Where all have 64 letters, which is as many as one can
    have, none becomes an object of Python's."""
    width = len('"",') + ID_TYPE.itemsize
    if not found or len(found) != len("[") + count * width:
        return encoded(json.loads(found or b"[]"))
    each = np.frombuffer(found, np.uint8, offset=len("[")).reshape(count, width)
    return np.ascontiguousarray(each[:, 1 : 1 + ID_TYPE.itemsize]).view(ID_TYPE).ravel()


def _texts(found: bytes | None) -> pa.StringArray:
    """A JSON list of texts. Where nothing in it had to be escaped, what is between the quotes is the text."""
    if not found or found == b"[]":
        return pa.array([], pa.string())
    if b"\\" in found:
        return pa.array(json.loads(found), pa.string())
    between = np.array([2, len(found) - 2], np.int32)
    whole = pa.StringArray.from_buffers(1, pa.py_buffer(between), pa.py_buffer(found))
    return pc.split_pattern(whole, '","').values


def _in_order(ids: Keys, places: pa.StringArray) -> tuple[Keys, pa.StringArray]:
    """By id, and of one id by place."""
    first = beginnings(ids)
    doubtful = np.flatnonzero(first[1:] <= first[:-1])
    this, following = ids[doubtful], ids[doubtful + 1]
    later = pc.less(places.take(doubtful), places.take(doubtful + 1)).to_numpy(zero_copy_only=False)
    if np.where(this == following, later, this < following).all():
        return ids, places
    order = pc.sort_indices(places).to_numpy()
    order = order[np.argsort(ids[order], kind="stable")]
    return ids[order], places.take(order)
