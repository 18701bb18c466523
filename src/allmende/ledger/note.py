"""Signed notes, checkpoints and cosignatures (C2SP signed-note, tlog-checkpoint, tlog-cosignature), with Ed25519."""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.ledger.tree import HASH

BAD_NOTE = ErrorCode(
    "ledger.bad_note",
    Text("Das ist kein unterschriebener Prüfpunkt: {why}.", "This is no signed checkpoint: {why}."),
    Text("Holen Sie die Datei „checkpoint“ noch einmal.", "Fetch the file “checkpoint” once more."),
)
BAD_KEY = ErrorCode(
    "ledger.bad_key",
    Text("„{key}“ ist kein Schlüssel eines Protokolls.", "“{key}” is no key of a log."),
    Text("Ein Schlüssel sieht so aus: NAME+8 Zeichen+BASE64.", "A key looks like this: NAME+8 characters+BASE64."),
)
OTHER_KEY = ErrorCode(
    "ledger.other_key",
    Text(
        "Der Prüfpunkt ist nicht mit dem Schlüssel {expected} unterschrieben, sondern mit: {found}.",
        "The checkpoint is not signed with the key {expected}, but with: {found}.",
    ),
    Text(
        "Fragen Sie die Stadt auf einem zweiten Weg nach dem Schlüssel.",
        "Ask the city for the key by a second channel.",
    ),
)
FALSE_SIGNATURE = ErrorCode(
    "ledger.false_signature",
    Text("Die Unterschrift von {name} ist falsch.", "The signature of {name} is false."),
    Text("Trauen Sie diesem Prüfpunkt nicht.", "Do not trust this checkpoint."),
)
OTHER_ORIGIN = ErrorCode(
    "ledger.other_origin",
    Text(
        "Der Prüfpunkt gehört zu „{found}“, nicht zu „{expected}“.",
        "The checkpoint is of “{found}”, not of “{expected}”.",
    ),
    Text("Prüfen Sie Adresse und Schlüssel.", "Check address and key."),
)

LOG, WITNESS = 1, 4
MOST_SIGNATURES, LONGEST_NOTE = 64, 65_536
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_NAME = re.compile(r"[^\s+]+")
_PRIVATE = "PRIVATE+KEY+"


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """Give the four bytes by which a signature names its key."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def decoded(text: str | bytes) -> bytes | None:
    """Read base64; None for what is none, and for a second way to write the same bytes."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if base64.b64encode(raw) == (text.encode() if isinstance(text, str) else text) else None


class Key(msgspec.Struct, frozen=True):
    """A public key: of a log (kind 1) or of a witness (kind 4)."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        """Give the key's number."""
        return key_id(self.name, self.kind, self.public)

    def __str__(self) -> str:
        """Write it as others configure it."""
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([self.kind]) + self.public).decode()}"


def read_key(text: str) -> Key:
    """Read a public key; refuse what is none, or whose number does not fit."""
    name, _, rest = text.strip().partition("+")
    number, _, body = rest.partition("+")
    raw = decoded(body)
    if raw is None or len(raw) != 1 + HASH or raw[0] not in (LOG, WITNESS) or not _NAME.fullmatch(name):
        raise Invalid(BAD_KEY, key=text.strip()[:200])
    key = Key(name, raw[0], raw[1:])
    if key.id.hex() != number:
        raise Invalid(BAD_KEY, key=text.strip()[:200])
    return key


class Signer:
    """A private key with its name."""

    def __init__(self, name: str, kind: int, seed: bytes) -> None:
        self._seed = seed
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.key = Key(name, kind, self._private.public_key().public_bytes_raw())

    @classmethod
    def made(cls, name: str, kind: int) -> "Signer":
        """Make a new key."""
        return cls(name, kind, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def read(cls, text: str) -> "Signer":
        """Read a private key as ``secret`` writes it."""
        key = text.strip().removeprefix(_PRIVATE)
        name, _, rest = key.partition("+")
        raw = decoded(rest.partition("+")[2])
        if key == text.strip() or raw is None or len(raw) != 1 + HASH or raw[0] not in (LOG, WITNESS):
            raise Invalid(BAD_KEY, key=f"{_PRIVATE}{name[:100]}+…")
        return cls(name, raw[0], raw[1:])

    def secret(self) -> str:
        """Write the private key."""
        body = base64.b64encode(bytes([self.key.kind]) + self._seed).decode()
        return f"{_PRIVATE}{self.key.name}+{self.key.id.hex()}+{body}"

    def line(self, text: str, seconds: int = 0) -> str:
        """Sign the text of a note; a witness says when."""
        if self.key.kind == WITNESS:
            signature = seconds.to_bytes(8, "big") + self._private.sign(_cosigned(text, seconds))
        else:
            signature = self._private.sign(text.encode())
        return f"— {self.key.name} {base64.b64encode(self.key.id + signature).decode()}\n"


def _cosigned(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


class Checkpoint(msgspec.Struct, frozen=True):
    """What a log says of itself: how many entries, and the root of their tree."""

    origin: str
    size: int
    root: bytes
    more: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Write what is signed."""
        lines = (self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.more)
        return "".join(f"{line}\n" for line in lines)


class Note(msgspec.Struct, frozen=True):
    """A checkpoint with its signatures, none of them checked yet: name, key number, signature."""

    checkpoint: Checkpoint
    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...]


def read_note(raw: bytes) -> Note:
    """Take a signed checkpoint apart; refuse what has not its form."""
    try:
        whole = raw.decode()
    except UnicodeDecodeError as error:
        raise Invalid(BAD_NOTE, why=Text("kein UTF-8", "no UTF-8")) from error
    text, blank, tail = whole.rpartition("\n\n")
    if len(raw) > LONGEST_NOTE or not blank or not tail.endswith("\n"):
        raise Invalid(BAD_NOTE, why=Text("das Ende fehlt", "its end is missing"))
    if any(ord(character) < 32 and character != "\n" for character in whole):
        raise Invalid(BAD_NOTE, why=Text("Steuerzeichen", "control characters"))
    signatures = tuple(_signature(line) for line in tail[:-1].split("\n")[:MOST_SIGNATURES])
    return Note(_checkpoint(text), text + "\n", signatures)


def _signature(line: str) -> tuple[str, bytes, bytes]:
    dash, _, rest = line.partition(" ")
    name, _, body = rest.partition(" ")
    raw = decoded(body)
    if dash != "—" or not name or raw is None or len(raw) < 5:
        raise Invalid(BAD_NOTE, why=Text(f"die Unterschrift „{line[:60]}“", f"the signature “{line[:60]}”"))
    return name, raw[:4], raw[4:]


def _checkpoint(text: str) -> Checkpoint:
    lines = text.split("\n")
    if len(lines) < 3 or not all(lines) or not _NUMBER.fullmatch(lines[1]):
        raise Invalid(BAD_NOTE, why=Text("Ursprung, Größe und Wurzel fehlen", "origin, size and root are missing"))
    root = decoded(lines[2])
    if root is None or len(root) != HASH:
        raise Invalid(BAD_NOTE, why=Text("die Wurzel ist kein Hash", "the root is no hash"))
    return Checkpoint(lines[0], int(lines[1]), root, tuple(lines[3:]))


def _holds(key: Key, text: str, signature: bytes) -> bool:
    message = text.encode()
    if key.kind == WITNESS:
        message, signature = _cosigned(text, int.from_bytes(signature[:8], "big")), signature[8:]
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def signed_by(note: Note, key: Key) -> bool:
    """Tell whether a key has signed; refuse the note when its signature is false."""
    found = [signature for name, number, signature in note.signatures if (name, number) == (key.name, key.id)]
    if not all(_holds(key, note.text, signature) for signature in found):
        raise Invalid(FALSE_SIGNATURE, name=key.name)
    return bool(found)


def cosigned_at(note: Note, key: Key) -> int:
    """Give the second in which a witness says that it signed."""
    return next(
        int.from_bytes(signature[:8], "big")
        for name, number, signature in note.signatures
        if (name, number) == (key.name, key.id)
    )


def opened(raw: bytes, key: Key) -> Note:
    """Read a checkpoint and check that the log's key signed it, and that it is that log's."""
    note = read_note(raw)
    if not signed_by(note, key):
        found = ", ".join(f"{name}+{number.hex()}" for name, number, _ in note.signatures)
        raise Invalid(OTHER_KEY, expected=f"{key.name}+{key.id.hex()}", found=found)
    if note.checkpoint.origin != key.name:
        raise Invalid(OTHER_ORIGIN, found=note.checkpoint.origin, expected=key.name)
    return note


def signed(checkpoint: Checkpoint, signer: Signer, lines: Sequence[str] = ()) -> bytes:
    """Sign a checkpoint; ``lines`` are signatures of others."""
    return (checkpoint.text + "\n" + signer.line(checkpoint.text) + "".join(lines)).encode()
