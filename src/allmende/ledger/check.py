"""Checking a log from its files alone: every entry, every tile, the signatures, and what was known of it before."""

import base64
import hashlib
import re
from collections.abc import Callable, Sequence

import msgspec

from allmende.kernel.errors import Conflict, ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.ledger.entry import Entry, RulesPublished, read_entry
from allmende.ledger.files import (
    CHECKPOINT,
    ENTRIES,
    Source,
    read_bundle,
    read_hashes,
    require,
    rulebook_path,
    tile_path,
)
from allmende.ledger.note import Checkpoint, Key, Note, cosigned_at, decoded, opened, signed_by
from allmende.ledger.tree import HASH, WIDTH, Tree, folded, hash_leaf, includes, width_of

CHANGED = ErrorCode(
    "ledger.changed_entry",
    Text(
        "Eintrag {position} ({bundle}) passt nicht zu seinem Hash in {tile}.",
        "Entry {position} ({bundle}) does not fit its hash in {tile}.",
    ),
    Text("Eines von beiden wurde verändert. Melden Sie es.", "One of both was changed. Report it."),
)
CHANGED_TILE = ErrorCode(
    "ledger.changed_tile",
    Text(
        "Hash {place} in {tile} passt nicht zu den Einträgen darunter.",
        "Hash {place} in {tile} does not fit the entries below it.",
    ),
    Text("Die Datei wurde verändert. Melden Sie es.", "The file was changed. Report it."),
)
OTHER_ROOT = ErrorCode(
    "ledger.other_root",
    Text(
        "Die {size} Einträge ergeben nicht die Wurzel, die der Prüfpunkt nennt.",
        "The {size} entries do not give the root that the checkpoint names.",
    ),
    Text(
        "Das Protokoll und sein Prüfpunkt passen nicht zusammen. Melden Sie es.",
        "Log and checkpoint do not fit. Report it.",
    ),
)
BACKWARDS = ErrorCode(
    "ledger.backwards",
    Text(
        "Eintrag {position} ({at}) ist älter als der davor ({before}).",
        "Entry {position} ({at}) is older than the one before ({before}).",
    ),
    Text("Die Uhr des Protokolls wurde zurückgestellt. Melden Sie es.", "The log's clock was set back. Report it."),
)
SHRUNK = ErrorCode(
    "ledger.shrunk",
    Text(
        "Das Protokoll hat {new} Einträge; früher waren es {old}.",
        "The log has {new} entries; it had {old} before.",
    ),
    Text("Einträge sind verschwunden. Melden Sie es.", "Entries have vanished. Report it."),
)
FORK = ErrorCode(
    "ledger.fork",
    Text(
        "Das Protokoll hat sich gegabelt: seine ersten {old} Einträge sind nicht mehr die von früher.",
        "The log has forked: its first {old} entries are no longer those of before.",
    ),
    Text("Bewahren Sie beide Prüfpunkte auf, und melden Sie es.", "Keep both checkpoints, and report it."),
)
NO_WITNESS = ErrorCode(
    "ledger.no_witness",
    Text("Der Zeuge {name} hat nicht mitunterschrieben.", "The witness {name} has not co-signed."),
    Text("Fragen Sie den Zeugen, was er gesehen hat.", "Ask the witness what it has seen."),
)
BAD_PROOF = ErrorCode(
    "ledger.bad_proof",
    Text("Das ist kein Nachweis eines Eintrags: {why}.", "This is no proof of an entry: {why}."),
    Text("Holen Sie den Nachweis noch einmal: allmende ledger proof", "Get the proof once more: allmende ledger proof"),
)
NOT_INCLUDED = ErrorCode(
    "ledger.not_included",
    Text("Der Eintrag {index} steht so nicht im Protokoll.", "Entry {index} does not stand so in the log."),
    Text("Eintrag oder Nachweis wurden verändert.", "The entry or the proof was changed."),
)
OTHER_RULEBOOK = ErrorCode(
    "ledger.other_rulebook",
    Text(
        "{path} ist nicht das Regelwerk, das Eintrag {position} nennt.",
        "{path} is not the rule book that entry {position} names.",
    ),
    Text("Die Datei wurde verändert. Melden Sie es.", "The file was changed. Report it."),
)
Advance = Callable[[int, int], None]
PROOF = "c2sp.org/tlog-proof@v1"
_PROOF = re.compile(rb"c2sp\.org/tlog-proof@v1\nextra ([^\n]+)\nindex (0|[1-9][0-9]{0,18})((?:\n[^\n]+)*)")


class Verified(msgspec.Struct, frozen=True):
    """What was found to be sound."""

    checkpoint: Checkpoint
    first: str = ""
    last: str = ""
    rulebooks: int = 0
    named: tuple[int, ...] = ()
    witnesses: tuple[tuple[str, int], ...] = ()


class _Levels:
    """The tiles above the entries, computed anew and compared."""

    def __init__(self, source: Source, size: int) -> None:
        self.source, self.size = source, size
        self.tiles: dict[tuple[int, int], bytes] = {}
        self.open: dict[int, bytearray] = {}

    def add(self, level: int, place: int, hashes: bytes) -> None:
        """Take a tile; a full one goes on as one hash of the level above."""
        self.tiles[level, place] = hashes
        if len(hashes) == WIDTH * HASH:
            above = self.open.setdefault(level + 1, bytearray())
            above += folded(hashes)
            if len(above) == WIDTH * HASH:
                self.close(level + 1, place // WIDTH)

    def close(self, level: int, place: int) -> None:
        """Compare what was computed of a tile with its file."""
        hashes = bytes(self.open.pop(level))
        width = len(hashes) // HASH
        said = read_hashes(self.source, level, place, width)
        if said != hashes:
            at = next(n for n in range(width) if said[n * HASH : n * HASH + HASH] != hashes[n * HASH : n * HASH + HASH])
            raise Invalid(CHANGED_TILE, tile=tile_path(level, place, width), place=at)
        self.add(level, place, hashes)

    def end(self) -> None:
        """Compare the tiles that are not full."""
        level = 1
        while level in self.open:
            self.close(level, (self.size >> (8 * level)) // WIDTH)
            level += 1

    def tree(self) -> Tree:
        """Give the tree."""
        return Tree(self.size, lambda level, place, _width: self.tiles[level, place])


class _Reading:
    """The entries of a log, one bundle after the other."""

    def __init__(self, source: Source, wanted: str) -> None:
        self.source, self.wanted = source, wanted
        self.first = self.last = ""
        self.rulebooks = 0
        self.named: list[int] = []

    def bundle(self, place: int, width: int) -> bytes:
        """Check a bundle; give the hashes of its entries."""
        entries = read_bundle(self.source, place, width)
        said = read_hashes(self.source, 0, place, width)
        hashes = b"".join([hash_leaf(entry) for entry in entries])
        if said != hashes:
            at = next(n for n in range(width) if said[n * HASH : n * HASH + HASH] != hashes[n * HASH : n * HASH + HASH])
            names = {"bundle": tile_path(ENTRIES, place, width), "tile": tile_path(0, place, width)}
            raise Invalid(CHANGED, position=place * WIDTH + at, **names)
        for offset, raw in enumerate(entries):
            self._entry(read_entry(raw, place * WIDTH + offset), place * WIDTH + offset)
        return hashes

    def _entry(self, entry: Entry, position: int) -> None:
        if entry.at < self.last:
            raise Invalid(BACKWARDS, position=position, at=entry.at, before=self.last)
        self.first, self.last = self.first or entry.at, entry.at
        if self.wanted and getattr(entry, "sha256", None) == self.wanted:
            self.named.append(position)
        if isinstance(entry, RulesPublished):
            path = rulebook_path(entry.version)
            content = self.source.read(path)
            if content is not None and hashlib.sha256(content).hexdigest() != entry.sha256:
                raise Invalid(OTHER_RULEBOOK, path=path, position=position)
            self.rulebooks += content is not None


def verify_log(
    source: Source,
    key: Key,
    witnesses: Sequence[Key] = (),
    before: Note | None = None,
    advance: Advance = lambda _done, _total: None,
    sha256: str = "",
) -> Verified:
    """Check all of a log; ``before`` is an earlier checkpoint of which it must be the continuation.

    ``sha256`` is a hash of which the entries that name it are told.
    """
    note = opened(require(source, CHECKPOINT), key)
    times = _witnessed(note, witnesses)
    size = note.checkpoint.size
    if before is not None and before.checkpoint.size > size:
        raise Conflict(SHRUNK, new=size, old=before.checkpoint.size)
    levels, reading = _Levels(source, size), _Reading(source, sha256)
    bundles = (size + WIDTH - 1) // WIDTH
    for place in range(bundles):
        levels.add(0, place, reading.bundle(place, width_of(size, 0, place)))
        advance(place + 1, bundles)
    levels.end()
    tree = levels.tree()
    if tree.root() != note.checkpoint.root:
        raise Invalid(OTHER_ROOT, size=size)
    if before is not None:
        _require_continued(tree, before.checkpoint)
    return Verified(
        note.checkpoint, reading.first, reading.last, reading.rulebooks, tuple(reading.named), witnesses=times
    )


def _require_continued(tree: Tree, before: Checkpoint) -> None:
    if tree.root(before.size) != before.root:
        raise Conflict(FORK, old=before.size)


def verify_consistency(source: Source, key: Key, before: Note) -> Checkpoint:
    """Check that a log continues an earlier checkpoint, by the few tiles that this needs."""
    now = opened(require(source, CHECKPOINT), key).checkpoint
    if before.checkpoint.size > now.size:
        raise Conflict(SHRUNK, new=now.size, old=before.checkpoint.size)
    tree = Tree(now.size, lambda level, place, width: read_hashes(source, level, place, width))
    if tree.root() != now.root:
        raise Invalid(OTHER_ROOT, size=now.size)
    _require_continued(tree, before.checkpoint)
    return now


def _witnessed(note: Note, witnesses: Sequence[Key]) -> tuple[tuple[str, int], ...]:
    for key in witnesses:
        if not signed_by(note, key):
            raise Invalid(NO_WITNESS, name=key.name)
    return tuple((key.name, cosigned_at(note, key)) for key in witnesses)


def write_proof(entry: bytes, index: int, path: Sequence[bytes], checkpoint: bytes) -> bytes:
    """Write a proof that stands for itself (C2SP tlog-proof); the entry goes along as extra data."""
    lines = [PROOF, f"extra {base64.b64encode(entry).decode()}", f"index {index}"]
    lines += [base64.b64encode(node).decode() for node in path]
    return "\n".join([*lines, "", ""]).encode() + checkpoint


def verify_proof(raw: bytes, key: Key, witnesses: Sequence[Key] = ()) -> tuple[bytes, int, Verified]:
    """Check a proof; give the entry, its index, and the checkpoint under which it stands."""
    head, _, tail = raw.partition(b"\n\n")
    found = _PROOF.fullmatch(head)
    if found is None:
        raise Invalid(BAD_PROOF, why=Text("die Form fehlt", "its form is missing"))
    entry, nodes = decoded(found[1]), [decoded(line) for line in found[3].split(b"\n")[1:]]
    if entry is None or None in nodes:
        raise Invalid(BAD_PROOF, why=Text("kein Base64", "no base64"))
    position = int(found[2])
    note = opened(tail, key)
    times = _witnessed(note, witnesses)
    if not includes(
        note.checkpoint.root, note.checkpoint.size, position, hash_leaf(entry), [node or b"" for node in nodes]
    ):
        raise Invalid(NOT_INCLUDED, index=position)
    at = read_entry(entry, position).at
    return entry, position, Verified(note.checkpoint, at, at, witnesses=times)
