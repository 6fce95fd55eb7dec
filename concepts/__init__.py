"""The domain: definitions, encoders, annotators, learning, export, and the Workbench that ties them."""

__version__ = "0.2.0"
