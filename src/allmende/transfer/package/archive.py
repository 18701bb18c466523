"""The zip around a package: written the same way every time, read without trust."""

import hashlib
import io
import stat
import zipfile
from pathlib import PurePosixPath

import msgspec

from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.transfer.package.crate import crate_of
from allmende.transfer.package.form import BAD_PART, CHECKSUMS, CRATE, FACTS, FORMAT, PARAMETERS, PROOF, Package

EPOCH = (1980, 1, 1, 0, 0, 0)
MOST_FILES, MOST_BYTES, MOST_OF_A_FILE = 2_000, 1 << 30, 256 << 20
# Text and figures rarely shrink to less than a fiftieth; what does is not what it says it is.
GREATEST_RATIO, SMALL = 200, 1 << 20

NO_PACKAGE = ErrorCode(
    "transfer.no_package",
    Text("Das ist kein Transferpaket: {reason}.", "This is no transfer package: {reason}."),
    Text(
        "Laden Sie das Paket noch einmal; nichts wurde übernommen.", "Fetch the package again; nothing was taken over."
    ),
)
NEWER = ErrorCode(
    "transfer.newer_format",
    Text(
        "Das Paket hat die Form {found}, dieses Programm liest bis {known}.",
        "The package has format {found}, this program reads up to {known}.",
    ),
    Text("Bringen Sie das Programm auf den neuesten Stand.", "Bring the program up to date."),
)


class Versioned(msgspec.Struct):
    """The part of a file that says its form, which every form has."""

    format: int


def refused(de: str, en: str) -> Invalid:
    """Give the error that refuses a file as a whole."""
    return Invalid(NO_PACKAGE, reason=Text(de, en))


def checksums(files: dict[str, bytes]) -> bytes:
    """Write the checksums as ``sha256sum`` reads them."""
    lines = [f"{hashlib.sha256(raw).hexdigest()}  {name}\n" for name, raw in sorted(files.items())]
    return "".join(lines).encode()


def sealed(package: Package) -> tuple[dict[str, bytes], str]:
    """Give all files that are hashed with their checksums, and the digest of the package: the hash of that list."""
    files = {name: raw for name, raw in package.files.items() if name not in (CRATE, CHECKSUMS, PROOF)}
    files[CRATE] = crate_of(files, package.facts, package.parameters)
    listed = checksums(files)
    return {**files, CHECKSUMS: listed}, hashlib.sha256(listed).hexdigest()


def write(package: Package, proof: bytes) -> bytes:
    """Write the zip: files by name, one time, one mode, so that the same content gives the same bytes."""
    files, _ = sealed(package)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out:
        # The crate's description comes first, as readers of crates like it.
        for name in [CRATE, *sorted({*files, PROOF} - {CRATE})]:
            info = zipfile.ZipInfo(name, EPOCH)
            info.compress_type, info.external_attr, info.create_system = zipfile.ZIP_DEFLATED, 0o100644 << 16, 3
            out.writestr(info, proof if name == PROOF else files[name], compresslevel=1)
    return buffer.getvalue()


def read(raw: bytes) -> tuple[Package, bytes, str]:
    """Read and check a zip; give the package, the proof that goes along, and the digest."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            _require_harmless(archive.infolist())
            files = {info.filename: _bytes_of(archive, info) for info in archive.infolist()}
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, OSError, RuntimeError) as error:
        raise refused(f"die Datei ist kein lesbares Zip ({error})", f"the file is no readable zip ({error})") from error
    _require_form(files)
    listed, proof = files.pop(CHECKSUMS, b""), files.pop(PROOF, b"")
    if checksums(files) != listed:
        wrong = _differing(files, listed)
        raise refused(f"Prüfsumme oder Inhalt passt nicht: {wrong}", f"checksum or content does not match: {wrong}")
    package = Package(files)
    again = package.rewritten()
    for name, found in again.files.items():
        if found != files[name]:
            reason = Text("nicht in der Form, die das Programm schreibt", "not in the form that the program writes")
            raise Invalid(BAD_PART, file=name, place="$", reason=reason)
    if crate_of({n: r for n, r in files.items() if n != CRATE}, package.facts, package.parameters) != files.get(CRATE):
        raise refused(f"{CRATE} beschreibt etwas anderes", f"{CRATE} describes something else")
    return package, proof, hashlib.sha256(listed).hexdigest()


def _require_harmless(infos: list[zipfile.ZipInfo]) -> None:
    """Refuse what could leave the folder, point elsewhere, or grow without end, before anything is unpacked."""
    if len(infos) > MOST_FILES:
        raise refused(f"mehr als {MOST_FILES} Dateien", f"more than {MOST_FILES} files")
    if len({info.filename for info in infos}) != len(infos):
        raise refused("ein Name steht zweimal darin", "a name stands in it twice")
    if sum(info.file_size for info in infos) > MOST_BYTES:
        raise refused("ausgepackt zu groß", "too large when unpacked")
    for info in infos:
        _require_plain(info)
        bomb = info.file_size > SMALL and info.file_size > GREATEST_RATIO * max(info.compress_size, 1)
        if bomb or info.file_size > MOST_OF_A_FILE:
            raise refused(f"{info.filename} wird beim Auspacken zu groß", f"{info.filename} grows too large")


def _require_plain(info: zipfile.ZipInfo) -> None:
    name, mode = info.filename, info.external_attr >> 16
    parts = PurePosixPath(name).parts
    if name.startswith("/") or ".." in parts or "\\" in name or ":" in name or "\0" in info.orig_filename:
        raise refused(f"{name} führt aus dem Paket hinaus", f"{name} leads out of the package")
    if info.is_dir() or stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        raise refused(f"{name} ist keine gewöhnliche Datei", f"{name} is no regular file")
    if info.flag_bits & 1:
        raise refused(f"{name} ist verschlüsselt", f"{name} is encrypted")


def _bytes_of(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """Read no more than was declared; a header that lies is refused."""
    with archive.open(info) as part:
        raw = part.read(info.file_size + 1)
    if len(raw) != info.file_size:
        raise refused(f"{info.filename} ist anders groß als angegeben", f"{info.filename} has another size than said")
    return raw


def _require_form(files: dict[str, bytes]) -> None:
    """Refuse a form that is newer before anything else is read, so that the reason is the right one."""
    for name in (FACTS, PARAMETERS):
        if name not in files:
            raise refused(f"{name} fehlt", f"{name} is missing")
    try:
        found = msgspec.json.decode(files[FACTS], type=Versioned).format
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid(BAD_PART, file=FACTS, place="format", reason=str(error)) from error
    if found > FORMAT:
        raise Invalid(NEWER, found=found, known=FORMAT)


def _differing(files: dict[str, bytes], listed: bytes) -> str:
    """Name the first file that does not match the list."""
    lines = [line.partition("  ") for line in listed.decode("utf-8", "replace").splitlines()]
    said = {name: digest for digest, _, name in lines}
    found = {name: hashlib.sha256(raw).hexdigest() for name, raw in files.items()}
    return next((name for name in sorted({*said, *found}) if said.get(name) != found.get(name)), CHECKSUMS)
