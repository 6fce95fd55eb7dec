"""Vectors by picture id: the LanceDB table that is written, and the memory-mapped copy that is read."""
