"""The door: who may come in, and the small routes behind it for pictures, files and answers."""
