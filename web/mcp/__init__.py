"""The use cases as tools for assistants (Model Context Protocol): a door of its own beside screens and REST.

It needs the package `mcp`, which nothing else does; so nothing else of `web` imports it.
"""
