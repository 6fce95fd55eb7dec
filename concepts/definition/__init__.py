"""What a concept is: its document, revisions, edits, expansion and the words for it."""
