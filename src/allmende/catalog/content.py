"""The form in which packs and mappings declare datasets."""

import msgspec

from allmende.kernel.text import Text


class DatasetEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A dataset as packs and mappings declare it."""

    slug: str
    title: Text
    description: Text
    publisher: str
    licence: str
    licence_url: str = ""
    attribution: str = ""
    source_url: str = ""
    simulated: bool = False
    data_use: str = ""
