"""Labels as data, and what to ask next: consensus, training set, test set, candidates, queue, formats."""
