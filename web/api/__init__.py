"""REST under `/api/v1`: everything the command line does, for programs."""

from web.api.app import create_api

__all__ = ["create_api"]
