"""Copies of the databases, and other states put in their place: no observation is told to anybody here."""

from allmende.store.backup import copy_database
from allmende.store.replacing import is_filled, is_used, prepare_roles, put_aside, take_away, take_back
from allmende.store.schema import VERSION as STORE_VERSION
from allmende.store.schema import refuse_newer as refuse_newer_store

__all__ = [
    "STORE_VERSION",
    "copy_database",
    "is_filled",
    "is_used",
    "prepare_roles",
    "put_aside",
    "refuse_newer_store",
    "take_away",
    "take_back",
]
