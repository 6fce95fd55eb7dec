"""The person's pictures: added, browsed, searched, shown."""
