"""Vectors by picture id: one protocol, a LanceDB table that is written, a memory-mapped copy that is read,
and the index that puts both together."""
