"""The domain: definitions, encoders, annotators, learning, export, and the `App` that ties them."""

__version__ = "0.2.0"
