"""What a package says of the program: publiccode.yml, and what it is built of (CycloneDX)."""

import importlib.metadata as metadata
import re
from typing import Any

import yaml

from allmende.transfer.package.form import canonical

NAME = "allmende"
PUBLIC_CODE: dict[str, Any] = {
    "publiccodeYmlVersion": "0.7",
    "name": "Allmende",
    "url": "https://gitlab.opencode.de/allmende/allmende.git",
    "platforms": ["web", "linux"],
    "developmentStatus": "development",
    "softwareType": "standalone/web",
    "legal": {"license": "EUPL-1.2"},
    "localisation": {"localisationReady": True, "availableLanguages": ["de", "en"]},
    "maintenance": {"type": "community", "contacts": [{"name": "The Allmende founders"}]},
    "description": {
        "de": {"shortDescription": "Die freie Software, auf der eine Stadt ihr Smart-City-Programm betreibt."},
        "en": {"shortDescription": "The open software on which a city runs its smart-city programme."},
    },
}


def publiccode() -> bytes:
    """Write publiccode.yml."""
    return yaml.safe_dump(PUBLIC_CODE, allow_unicode=True, sort_keys=True).encode()


def bill_of_materials() -> bytes:
    """List the packages that the program needs, as they are installed."""
    found: dict[str, str] = {}
    waiting = [NAME]
    while waiting:
        name = _plain(waiting.pop())
        if name in found:
            continue
        try:
            entry = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        found[name] = entry.version
        needs = [one for one in entry.requires or () if "extra ==" not in one]
        waiting += [re.split(r"[^A-Za-z0-9._-]", one, maxsplit=1)[0] for one in needs]
    parts = [
        {"type": "library", "name": name, "version": version, "purl": f"pkg:pypi/{name}@{version}"}
        for name, version in sorted(found.items())
    ]
    return canonical({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": parts})


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
