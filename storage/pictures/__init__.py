"""Picture files: found in folders, archives and lists, read, decoded, made smaller, compared."""
