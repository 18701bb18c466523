"""Tables of the data ethics: rules with all they are made of, data uses with their life, algorithms."""

from allmende.register.models.addresses import Address
from allmende.register.models.algorithms import Algorithm
from allmende.register.models.rulebook import (
    Category,
    Principle,
    Purpose,
    RecipientClass,
    Rule,
    RulebookPublication,
)
from allmende.register.models.uses import DataUse, DataUseEvent

__all__ = [
    "Address",
    "Algorithm",
    "Category",
    "DataUse",
    "DataUseEvent",
    "Principle",
    "Purpose",
    "RecipientClass",
    "Rule",
    "RulebookPublication",
]
