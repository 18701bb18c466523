"""Validate RO-Crates with rocrate-validator, without the web: the context comes from the library ``rocrate``.

Runs in an environment of its own, see ``tools/packages.py``. Usage: ``python validate.py CACHE PACKAGE …``
"""

import io
import json
import sys
import sysconfig
from pathlib import Path
from typing import Any

from requests.adapters import HTTPAdapter
from requests_cache import CachedSession
from rocrate_validator.models import Severity, ValidationSettings
from rocrate_validator.services import validate
from urllib3 import HTTPResponse


class Kept(HTTPAdapter):  # type: ignore[misc]
    """Answers with bytes that are there already."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.content = content

    def send(self, request: Any, **_: Any) -> Any:
        """Give the bytes as an answer of the web."""
        headers = {"Content-Type": "application/ld+json"}
        raw = HTTPResponse(io.BytesIO(self.content), headers, 200, preload_content=False, request_url=str(request.url))
        return self.build_response(request, raw)


def keep_context(cache: Path) -> None:
    """Put the JSON-LD context of RO-Crate 1.1 where the validator looks for it."""
    content = (Path(sysconfig.get_path("purelib")) / "rocrate" / "data" / "ro-crate.jsonld").read_bytes()
    address = json.loads(content)["@id"]
    session = CachedSession(cache_name=str(cache), backend="sqlite", expire_after=-1)
    session.mount(address, Kept(content))
    session.get(address)


def main() -> int:
    """Validate; what must hold and does not makes the exit code 1, what should hold is told."""
    cache, failed = Path(sys.argv[1]), False
    keep_context(cache)
    for name in sys.argv[2:]:
        asked = ValidationSettings(
            rocrate_uri=name,
            profile_identifier="ro-crate-1.1",
            requirement_severity=Severity.RECOMMENDED,
            offline=True,
            cache_path=cache,
        )
        issues = validate(asked).get_issues()
        must = [one for one in issues if one.severity == Severity.REQUIRED]
        failed = failed or bool(must)
        print(f"{name}: {len(must)} faults, {len(issues) - len(must)} recommendations not followed (RO-Crate 1.1)")
        for one in issues:
            print(f"  {one.severity.name} {one.check.identifier}: {one.message}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
