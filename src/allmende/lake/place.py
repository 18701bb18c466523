"""Where a lake lies: a folder, or a prefix in a bucket that speaks S3."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

import msgspec

from allmende.kernel.errors import Busy, ErrorCode, Invalid
from allmende.kernel.text import Text

# Readers pass over names that begin so.
NEW = "_new"
FOLDERS = ("observations", "streams", "things", "rules")

UNREACHED = ErrorCode(
    "lake.unreached",
    Text("{place} antwortet nicht wie nötig: {reason}.", "{place} does not answer as it must: {reason}."),
    Text(
        "Der See ist, wie er war. Beheben Sie die Ursache, und rufen Sie den Befehl noch einmal auf.",
        "The lake is as it was. Mend the cause and run the command again.",
    ),
)
BAD_ADDRESS = ErrorCode(
    "lake.bad_address",
    Text("„{address}“ ist kein Ort für einen See.", "“{address}” is no place for a lake."),
    Text("Schreiben Sie einen Ordner oder s3://BUCKET/PRÄFIX.", "Write a folder or s3://BUCKET/PREFIX."),
)
NO_KEYS = ErrorCode(
    "lake.no_keys",
    Text("Für {address} fehlen die Zugangsdaten.", "The keys for {address} are missing."),
    Text(
        "Setzen Sie ALLMENDE_S3_ACCESS_KEY und ALLMENDE_S3_SECRET_KEY_FILE.",
        "Set ALLMENDE_S3_ACCESS_KEY and ALLMENDE_S3_SECRET_KEY_FILE.",
    ),
)


class Access(msgspec.Struct, frozen=True):
    """How to reach a service that speaks S3; an empty endpoint is that of Amazon."""

    endpoint: str = ""
    region: str = ""
    access_key: str = ""
    secret_key: str = ""


class Place(Protocol):
    """Holds files under paths with slashes; what is put is there whole or not at all."""

    address: str

    def read(self, path: str) -> bytes | None:
        """Give the content of a file; None where there is none."""

    def write(self, path: str, raw: bytes) -> None:
        """Put a small file in place of the one that may be there."""

    def put(self, path: str, file: Path) -> None:
        """Take over a file that was written in the scratch folder."""

    def scratch(self) -> Any:
        """Give, as a context, a folder for files that are being written; it goes with all that is left in it."""

    def sizes(self) -> dict[str, int]:
        """Name the data files that are there, with their sizes, whether they belong to the lake or not."""

    def remove(self, path: str) -> None:
        """Remove a data file."""

    def arrow(self) -> tuple[Any, str]:
        """Give a file system of Arrow, and the path of the lake in it."""


def place_of(address: str, access: Access) -> Place:
    """Give the place of an address."""
    if address.startswith("s3://"):
        found = re.fullmatch(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(/[A-Za-z0-9_./-]*)?", address)
        if found is None:
            raise Invalid(BAD_ADDRESS, address=address)
        if not (access.access_key and access.secret_key):
            raise Invalid(NO_KEYS, address=address)
        return Bucket(address.rstrip("/"), access)
    if not address or "://" in address:
        raise Invalid(BAD_ADDRESS, address=address)
    return Folder(Path(address).absolute())


@contextmanager
def reached(address: str) -> Iterator[None]:
    """Turn what goes wrong at a place into one sentence."""
    try:
        yield
    except OSError as error:
        # The first sentence says it; what services add to it may be long and hold addresses with signatures.
        reason = (error.strerror or str(error)).splitlines()[0].split("Detail:")[0][:300].rstrip(" .")
        raise Busy(UNREACHED, place=address, reason=reason) from error


class Folder:
    """A folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.address = str(path)

    def read(self, path: str) -> bytes | None:
        """See ``Place``."""
        with reached(self.address):
            try:
                return (self.path / path).read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                return None

    def write(self, path: str, raw: bytes) -> None:
        """See ``Place``."""
        with reached(self.address), self.scratch() as scratch:
            file = scratch / "written"
            file.write_bytes(raw)
            self.put(path, file)

    def put(self, path: str, file: Path) -> None:
        """See ``Place``."""
        with reached(self.address):
            with file.open("rb") as written:
                os.fsync(written.fileno())
            (self.path / path).parent.mkdir(parents=True, exist_ok=True)
            file.chmod(0o644)
            file.replace(self.path / path)
            _sync_folder((self.path / path).parent)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """See ``Place``; it lies within the lake, so that a file moves to its place at once."""
        with reached(self.address):
            (self.path / NEW).mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(dir=self.path / NEW))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            with suppress(OSError):
                folder.parent.rmdir()

    def sizes(self) -> dict[str, int]:
        """See ``Place``."""
        with reached(self.address):
            shutil.rmtree(self.path / NEW, ignore_errors=True)
            return {
                str(file.relative_to(self.path)): file.stat().st_size
                for name in FOLDERS
                for file in (self.path / name).rglob("*")
                if file.is_file()
            }

    def remove(self, path: str) -> None:
        """See ``Place``; a folder that is empty then goes too."""
        with reached(self.address):
            file = self.path / path
            file.unlink(missing_ok=True)
            for folder in file.parents:
                if folder == self.path or any(folder.iterdir()):
                    return
                folder.rmdir()

    def arrow(self) -> tuple[Any, str]:
        """See ``Place``."""
        from pyarrow import fs

        return fs.LocalFileSystem(), str(self.path)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Bucket:
    """A prefix in a bucket; a file is seen once its upload is complete."""

    def __init__(self, address: str, access: Access) -> None:
        # Many services do not know the checksums that Amazon's client appends by itself, and keep them as content.
        os.environ.setdefault("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required")
        os.environ.setdefault("AWS_RESPONSE_CHECKSUM_VALIDATION", "when_required")
        from pyarrow import fs

        self.address = address
        self.base = address.removeprefix("s3://")
        scheme, _, host = access.endpoint.rpartition("://")
        self.files = fs.S3FileSystem(
            access_key=access.access_key,
            secret_key=access.secret_key,
            region=access.region or "us-east-1",
            endpoint_override=host or None,
            scheme=scheme or "https",
            connect_timeout=10,
            request_timeout=60,
            retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=3),
            force_virtual_addressing=False,
        )

    def read(self, path: str) -> bytes | None:
        """See ``Place``."""
        with reached(self.address):
            try:
                with self.files.open_input_stream(f"{self.base}/{path}") as stream:
                    raw: bytes = stream.read()
            except FileNotFoundError:
                return None
            return raw

    def write(self, path: str, raw: bytes) -> None:
        """See ``Place``."""
        with reached(self.address):
            with self.files.open_output_stream(f"{self.base}/{path}") as stream:
                stream.write(raw)
            self._require_whole(path, len(raw))

    def put(self, path: str, file: Path) -> None:
        """See ``Place``."""
        with reached(self.address):
            with file.open("rb") as source, self.files.open_output_stream(f"{self.base}/{path}") as stream:
                while block := source.read(8 << 20):
                    stream.write(block)
            self._require_whole(path, file.stat().st_size)

    def _require_whole(self, path: str, size: int) -> None:
        """Fail where the service kept something else than it was sent."""
        kept = self.files.get_file_info(f"{self.base}/{path}").size
        if kept != size:
            raise OSError(f"{path}: {kept} bytes were kept of {size}")

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """See ``Place``; it lies on this machine."""
        with reached(self.address):
            folder = Path(tempfile.mkdtemp(prefix="allmende-lake-"))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def sizes(self) -> dict[str, int]:
        """See ``Place``."""
        from pyarrow import fs

        found: dict[str, int] = {}
        with reached(self.address):
            for name in FOLDERS:
                chosen = fs.FileSelector(f"{self.base}/{name}", recursive=True, allow_not_found=True)
                for info in self.files.get_file_info(chosen):
                    if info.type == fs.FileType.File:
                        found[info.path.removeprefix(f"{self.base}/")] = info.size
        return found

    def remove(self, path: str) -> None:
        """See ``Place``."""
        with reached(self.address):
            self.files.delete_file(f"{self.base}/{path}")

    def arrow(self) -> tuple[Any, str]:
        """See ``Place``."""
        return self.files, self.base
