"""Purposes, categories, recipients and rules, as plain values."""

import datetime as dt
from typing import Literal

import msgspec

from allmende.kernel.text import Text

Verb = Literal["collect", "link", "use", "pass_on", "publish", "delete"]
VERBS: tuple[Verb, ...] = ("collect", "link", "use", "pass_on", "publish", "delete")
PersonalReference = Literal["none", "aggregated", "anonymous", "pseudonymous", "personal", "special"]
EVERY = "*"
# The greatest change of a count; a smaller one could not hide what is counted as one or two.
LEAST_NOISE, GREATEST_NOISE = 3, 20
# The parts of an observation, by their SensorThings names, that a rule may hide.
HIDEABLE_FIELDS = ("result", "resultTime", "resultQuality", "validTime", "parameters", "FeatureOfInterest", "source")


class Duties(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a permission demands: delay and time grid in seconds, space grid in metres, groups, hidden fields.

    A time grid gives means per grid cell, aligned to 1970-01-01T00:00Z, each with the count behind it. Cells are
    withheld that have fewer values than the smallest group; whose values, which count persons, add up to fewer than
    the least number of persons; or of which one value makes more than the dominance limit of the sum. Under noise on
    counts the cells give not means but sums, each changed by at most that much after the cell-key method. Hidden
    fields are those of ``HIDEABLE_FIELDS``.
    """

    delay_seconds: int = 0
    time_grid_seconds: int = 0
    space_grid_metres: int = 0
    minimum_group: int = 0
    minimum_persons: int = 0
    dominance_percent: int = 0
    count_noise: int = 0
    hidden_fields: tuple[str, ...] = ()


NO_DUTIES = Duties()


class Principle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sentence to which the city binds itself, and where it stands; rules say which ones they carry out.

    ``kept_by`` says by what else it is kept where no rule about access can carry it out.
    """

    slug: str
    title: Text
    text: Text
    source: str
    source_url: str = ""
    kept_by: Text | None = None


class Purpose(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A node of the purpose tree; only leaves may be named in a request. ``dpv`` and ``dtpr`` are mapped terms."""

    slug: str
    title: Text
    description: Text
    parent: str | None = None
    dpv: str = ""
    dtpr: str = ""


class Category(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of data and its degree of personal reference.

    ``arises_from`` names the categories that become this one where they are linked; the rules on linking it then
    hold for reading them together.
    """

    slug: str
    title: Text
    personal: PersonalReference
    arises_from: tuple[str, ...] = ()


class Recipient(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A class of those who get data."""

    slug: str
    title: Text


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Permits or prohibits verbs on categories, for purposes and recipients; ``*`` stands for all of them.

    ``since`` and ``until`` are whole days, both included. ``source`` is where the rule is laid down, ``principles``
    are those that it carries out, ``assessment`` refers to the assessment of what it means for persons.
    """

    slug: str
    effect: Literal["permit", "prohibit"]
    verbs: tuple[str, ...]
    categories: tuple[str, ...]
    purposes: tuple[str, ...]
    recipients: tuple[str, ...] = (EVERY,)
    duties: Duties = NO_DUTIES
    since: dt.date | None = None
    until: dt.date | None = None
    title: Text
    reason: Text
    source: str
    source_url: str = ""
    decision: str = ""
    principles: tuple[str, ...] = ()
    legal_basis: Text | None = None
    assessment: str = ""

    def in_force(self, day: dt.date) -> bool:
        """Tell whether the rule holds on a day."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


class Rulebook(msgspec.Struct, frozen=True, kw_only=True):
    """All rules of one published version; version 0 is the empty book under which everything is refused."""

    version: int = 0
    published: dt.datetime | None = None
    purposes: tuple[Purpose, ...] = ()
    categories: tuple[Category, ...] = ()
    recipients: tuple[Recipient, ...] = ()
    rules: tuple[Rule, ...] = ()
    principles: tuple[Principle, ...] = ()


class Decision(msgspec.Struct, frozen=True):
    """The answer to a request, with the rules that led to it, their short names, and a sentence that names them."""

    allowed: bool
    rules: tuple[Rule, ...]
    reason: Text
    duties: Duties = NO_DUTIES
    slugs: tuple[str, ...] = ()
