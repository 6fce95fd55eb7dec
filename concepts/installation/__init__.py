"""This installation: who may use it, what happens in it, and the endpoint it asks."""
