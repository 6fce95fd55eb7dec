"""An exported classifier on the Hugging Face Hub: the same files, with a card that the Hub reads."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from concepts.bundle.check import check_bundle, files_of
from concepts.bundle.checksums import CHECKSUMS_FILE, checksums_text
from concepts.bundle.usage import from_the_hub
from concepts.bundle.write import is_ours
from concepts.errors import DiscernError
from concepts.view import View

TARGET = re.compile(r"hf:([\w.-]{1,96}/[\w.-]{1,96})")
LICENCE = re.compile(r"[a-z0-9.+-]{1,40}")


class Pushed(View):
    """`commit` names what was written; `address` is the page of the model."""

    repository: str
    address: str
    commit: str
    files: int
    bytes: int


def push_bundle(path: Path, target: str, *, licence: str | None = None, private: bool = False) -> Pushed:
    """Writes a bundle to `hf:USER/NAME` in one commit, which replaces an older one there; other files stay.

    `licence` is the head's, as the Hub spells it (`apache-2.0`): its owner's choice, so that nothing is said
    where it is None. Logs in as `huggingface_hub` does (`hf auth login`, or HF_TOKEN). Raises `DiscernError`.
    """
    found = TARGET.fullmatch(target)
    if found is None:
        raise DiscernError(f"{target} is no place on the Hub. Write hf:USER/NAME.")
    if licence is not None and not LICENCE.fullmatch(licence):
        raise DiscernError(
            f"{licence!r} is no licence as the Hub spells them, such as apache-2.0 or cc-by-4.0."
        )
    if problems := check_bundle(path).problems:
        raise DiscernError(f"{path} is not as it was written: {'; '.join(problems)}. Export it again.")
    repository, files = found[1], files_of(path)
    matter, rest = files["README.md"].decode().removeprefix("---\n").split("\n---\n", 1)
    if licence is not None:
        matter += f"\nlicense: {json.dumps(licence)}"
    loading = f"## From the Hub\n\n```python\n{from_the_hub(repository)}\n```\n"
    files["README.md"] = (f"---\n{matter}\n---\n{rest.rstrip()}\n\n{loading}").encode()
    files[CHECKSUMS_FILE] = checksums_text({k: v for k, v in files.items() if k != CHECKSUMS_FILE}).encode()
    info: Any = _commit(repository, files, f"Exported classifier {path.stem}", private)
    return Pushed(
        repository=repository,
        address=str(info.repo_url),
        commit=str(info.oid),
        files=len(files),
        bytes=sum(map(len, files.values())),
    )


def _commit(repository: str, files: dict[str, bytes], message: str, private: bool) -> Any:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalTokenNotFoundError

    api = HfApi(library_name="discern")
    try:
        api.create_repo(repository, private=private, exist_ok=True)
        there = api.list_repo_files(repository)
        operations: list[Any] = [CommitOperationAdd(name, content) for name, content in files.items()]
        operations += [CommitOperationDelete(n) for n in there if n not in files and is_ours(n)]
        return api.create_commit(repository, operations, commit_message=message)
    except LocalTokenNotFoundError as error:
        raise DiscernError(
            "The Hub wants to know who you are. Run `hf auth login`, or set HF_TOKEN."
        ) from error
    except HfHubHTTPError as error:
        raise DiscernError(f"The Hub refused {repository}: {_reason(error)}") from error
    except (HFValidationError, ValueError) as error:
        raise DiscernError(f"{repository} can't be written to: {error}.") from error
    except Exception as error:  # its HTTP library's own, where nobody answers
        if type(error).__module__.partition(".")[0] not in ("httpx", "httpx2", "httpcore", "httpcore2"):
            raise
        raise DiscernError(f"The Hub can't be reached: {error or type(error).__name__}.") from error


def _reason(error: Any) -> str:
    status = error.response.status_code if error.response is not None else 0
    if status in (401, 403):
        return "your token may not write there. Run `hf auth login` with one that may, or set HF_TOKEN."
    said = error.server_message or " ".join(str(error).split())
    return f"{said[:300]} ({status})."
