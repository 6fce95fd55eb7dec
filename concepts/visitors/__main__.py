"""Gets the sample library of a demo ready in `DISCERN_HOME`, so that its first start has nothing to fetch.

python -m concepts.visitors
"""

from __future__ import annotations

import sys

from concepts.errors import DiscernError
from concepts.results.library import library_info
from concepts.settings import load_settings
from concepts.visitors import Sandboxes


def main() -> None:
    try:
        sandboxes = Sandboxes(load_settings())
        sandboxes.prepare()
        library = library_info(sandboxes.base)
        sandboxes.close()
    except DiscernError as error:
        sys.exit(f"discern: {error}")
    print(f"{library.pictures:,} pictures are ready in {library.home}.")


if __name__ == "__main__":
    main()
