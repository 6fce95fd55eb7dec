"""REST under `/api/v1`: everything the command line does, for programs."""
