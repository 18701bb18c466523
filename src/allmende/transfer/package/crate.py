"""The description of a package as an RO-Crate 1.1."""

from typing import Any

from allmende.transfer.package.form import Facts, Parameters, canonical

CONTEXT, PROFILE = "https://w3id.org/ro/crate/1.1/context", "https://w3id.org/ro/crate/1.1"
CRATE = "ro-crate-metadata.json"
MEDIA = {
    ".json": "application/json",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".csv": "text/csv",
    ".md": "text/markdown",
}


def crate_of(files: dict[str, bytes], facts: Facts, parameters: Parameters) -> bytes:
    """Describe the files of a package; ``files`` are those that are hashed."""
    names = sorted(name for name in files if name != CRATE)
    root: dict[str, Any] = {
        "@id": "./",
        "@type": "Dataset",
        "name": facts.title.de,
        "description": facts.sentence.de,
        "datePublished": facts.day.isoformat(),
        "license": {"@id": facts.licence},
        "author": {"@id": "#city"},
        "publisher": {"@id": "#city"},
        "hasPart": [{"@id": name} for name in names],
        "inLanguage": ["de", "en"],
        "version": str(facts.format),
    }
    earlier = [one.digest for one in parameters.origin[1:] if one.digest]
    if earlier:
        root["isBasedOn"] = [{"@id": f"urn:sha256:{digest}"} for digest in earlier]
    graph: list[dict[str, Any]] = [
        {"@id": CRATE, "@type": "CreativeWork", "about": {"@id": "./"}, "conformsTo": {"@id": PROFILE}},
        root,
        {"@id": "#city", "@type": "Organization", "name": "{{city}}"},
        {"@id": facts.licence, "@type": "CreativeWork", "name": facts.licence, "description": facts.licence},
        *({"@id": f"urn:sha256:{digest}", "@type": "Dataset", "name": digest} for digest in earlier),
        *(_file(name, len(files[name])) for name in names),
    ]
    return canonical({"@context": CONTEXT, "@graph": graph})


def _file(name: str, size: int) -> dict[str, Any]:
    ending = "." + name.rpartition(".")[2]
    media = MEDIA.get(ending, "text/plain")
    return {"@id": name, "@type": "File", "name": name, "contentSize": str(size), "encodingFormat": media}
