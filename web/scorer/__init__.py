"""A small server that answers for exported classifiers alone: no library, no database, no PyTorch."""
