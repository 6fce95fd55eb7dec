"""One module a screen. A screen builds components and calls the Workbench; it knows nothing of other screens."""
