"""Signatures: the examples that others published, and what is refused."""

import pytest

from allmende.kernel.errors import AllmendeError
from allmende.ledger.note import (
    LOG,
    WITNESS,
    Checkpoint,
    Signer,
    cosigned_at,
    opened,
    read_key,
    read_note,
    signed,
    signed_by,
)

# The key and the note with which Go's golang.org/x/mod/sumdb/note documents itself.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_keys_and_signatures_are_those_of_other_programs() -> None:
    signer = Signer.read(GO_PRIVATE)
    assert str(signer.key) == GO_KEY
    assert read_key(GO_KEY) == signer.key
    assert signer.line(GO_TEXT) == GO_LINE
    assert signer.secret() == GO_PRIVATE


def note() -> tuple[Signer, bytes]:
    signer = Signer.made("stadt.example/ledger", LOG)
    return signer, signed(Checkpoint(signer.key.name, 7, bytes(range(32))), signer)


def test_a_witness_signs_the_same_text_with_its_time() -> None:
    signer, raw = note()
    witness = Signer.made("nachbar.example/ledger/witness", WITNESS)
    line = witness.line(read_note(raw).text, 1_795_000_000)
    both = opened(raw + line.encode(), signer.key)
    assert signed_by(both, witness.key)
    assert cosigned_at(both, witness.key) == 1_795_000_000
    later = raw + witness.line(read_note(raw).text.replace("\n7\n", "\n8\n"), 1_795_000_000).encode()
    with pytest.raises(AllmendeError, match="nachbar"):
        signed_by(opened(later, signer.key), witness.key)


def test_every_flipped_byte_of_a_note_is_refused() -> None:
    signer, raw = note()
    for place in range(len(raw)):
        changed = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        with pytest.raises(AllmendeError) as refused:
            opened(changed, signer.key)
        assert refused.value.code.code.startswith("ledger.")


def test_every_cut_of_a_note_is_refused() -> None:
    signer, raw = note()
    for end in range(len(raw)):
        with pytest.raises(AllmendeError, match=r"no signed checkpoint|is false|not with the key|not signed"):
            opened(raw[:end], signer.key)


def test_another_key_is_named() -> None:
    signer, raw = note()
    other = Signer.made(signer.key.name, LOG)
    with pytest.raises(AllmendeError) as refused:
        opened(raw, other.key)
    assert refused.value.code.code == "ledger.other_key"
    assert signer.key.id.hex() in refused.value.what.en
    assert other.key.id.hex() in refused.value.what.en
    foreign = signed(Checkpoint("anderswo.example/ledger", 7, bytes(32)), signer)
    with pytest.raises(AllmendeError) as refused:
        opened(foreign, signer.key)
    assert refused.value.code.code == "ledger.other_origin"


@pytest.mark.parametrize(
    "text", ["", "a+b", "a+00000000+AAAA", GO_KEY[:-1] + "X", "a b+" + GO_KEY.partition("+")[2], "ä" * 300]
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(AllmendeError, match="is no key"):
        read_key(text)
