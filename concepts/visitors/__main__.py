"""Gets the sample library of a demo ready in `DISCERN_HOME`, so that its first start has nothing to fetch.

python -m concepts.visitors
"""

from __future__ import annotations

import sys

from concepts.errors import DiscernError
from concepts.settings import load_settings
from concepts.visitors.sandboxes import SampleLibrary, SharedEncoders
from concepts.workbench import Workbench


def main() -> None:
    try:
        bench = Workbench(load_settings())
        library = SampleLibrary(bench, SharedEncoders(bench.context.settings.cache))
        library.prepare()
        pictures = bench.library.info().pictures
        bench.close()
    except DiscernError as error:
        sys.exit(f"discern: {error}")
    print(f"{pictures:,} pictures are ready in {library.home}.")


if __name__ == "__main__":
    main()
