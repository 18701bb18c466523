"""Contributions and what became of them; what people say about them."""

import datetime as dt
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from allmende.kernel.text import Text
from allmende.participation.methods.least import told
from allmende.participation.models.processes import Process, Topic
from allmende.participation.models.texts import Paragraph
from allmende.participation.rules import CHANNELS, OUTCOMES, STANCES, STATES, TAGS
from allmende.participation.shapes import DECIMALS, Shape, shape_of
from allmende.register.around import Point
from allmende.ui.bilingual import pair

KINDS = {
    "idea": Text("Idee", "idea"),
    "need": Text("Bedarf", "need"),
    "proposal": Text("Vorschlag", "proposal"),
    "suggestion": Text("Änderungsvorschlag", "suggested change"),
    "question": Text("Frage", "question"),
}
VISIBILITIES = ("shown", "held", "unconfirmed", "hidden", "merged", "withdrawn")


class Contribution(models.Model):
    """What somebody brought: an idea, a need, or a change of a paragraph.

    ``geometry`` is a line or an area as GeoJSON; longitude and latitude are then a point on it that stands for it.
    """

    process = models.ForeignKey(Process, on_delete=models.CASCADE, related_name="contributions")
    number = models.CharField(_("Nummer"), max_length=20, unique=True)
    kind = models.CharField(max_length=12)
    title = models.CharField(_("Titel"), max_length=120)
    body = models.TextField(_("Text"), blank=True)
    language = models.CharField(max_length=2, default="de")
    category = models.ForeignKey(Topic, null=True, on_delete=models.SET_NULL, related_name="+")
    group = models.ForeignKey(Topic, null=True, on_delete=models.SET_NULL, related_name="+")
    tag = models.CharField(max_length=10, blank=True)
    longitude = models.FloatField(null=True)
    latitude = models.FloatField(null=True)
    geometry = models.JSONField(null=True)
    place = models.CharField(max_length=120, blank=True)
    photo = models.CharField(max_length=100, blank=True)
    photo_alt = models.CharField(max_length=300, blank=True)
    photo_alt_en = models.CharField(max_length=300, blank=True)
    author = models.CharField(max_length=80, blank=True)
    channel = models.CharField(max_length=10, default="online")
    received = models.DateTimeField(_("eingegangen"))
    edited = models.DateTimeField(null=True)
    due = models.DateTimeField(_("Antwort bis"))
    state = models.CharField(max_length=12, default="received")
    outcome = models.CharField(max_length=12, blank=True)
    answered = models.DateTimeField(null=True)
    visibility = models.CharField(max_length=12, default="shown")
    supports = models.PositiveIntegerField(default=0)
    key_digest = models.CharField(max_length=64, blank=True)
    text_digest = models.CharField(max_length=64)
    gram_count = models.PositiveSmallIntegerField(default=0)
    merged_into = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="merged")
    split_from = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="parts")
    paragraph = models.ForeignKey(Paragraph, null=True, on_delete=models.CASCADE, related_name="suggestions")
    base_version = models.PositiveSmallIntegerField(null=True)
    proposed = models.TextField(blank=True)

    class Meta:
        """Newest first."""

        verbose_name = _("Beitrag")
        verbose_name_plural = _("Beiträge")
        ordering: ClassVar[list[str]] = ["-received", "-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["process", "visibility", "kind", "-id"], name="contributions_newest"),
            models.Index(fields=["process", "text_digest"], name="contributions_same"),
        ]

    def __str__(self) -> str:
        """Give the number, which says nothing about the person."""
        return self.number

    @property
    def kind_text(self) -> Text:
        """Name the kind."""
        return KINDS[self.kind]

    @property
    def state_text(self) -> Text:
        """Name the state, with the outcome where the answer is the newest."""
        return OUTCOMES[self.outcome] if self.state == "answered" else STATES[self.state]

    @property
    def outcome_text(self) -> Text | None:
        """Name what was answered."""
        return OUTCOMES.get(self.outcome)

    @property
    def tag_text(self) -> Text | None:
        """Name what kind of need it is."""
        return TAGS.get(self.tag)

    @property
    def channel_text(self) -> Text:
        """Name the way on which it came."""
        return CHANNELS[self.channel]

    @property
    def point(self) -> Point | None:
        """Give its point, or the one that stands for its line or area."""
        if self.longitude is None or self.latitude is None:
            return None
        return Point(self.longitude, self.latitude)

    @property
    def shape(self) -> Shape | None:
        """Give its line or area; None for a point, and without a place."""
        return shape_of(self.geometry)

    @property
    def geojson(self) -> dict[str, Any] | None:
        """Give where it is as a geometry of RFC 7946; None without a place."""
        point = self.point
        if self.geometry is not None or point is None:
            return self.geometry
        return {"type": "Point", "coordinates": [round(at, DECIMALS) for at in (point.longitude, point.latitude)]}

    @property
    def shape_text(self) -> Text | None:
        """Say what kind of place it has and how large: “Line, 420 m”."""
        shape = self.shape
        return shape.text if shape else None

    @property
    def supported(self) -> int | None:
        """Give how many support it, as it may be told."""
        return told(self.supports)

    @property
    def photo_text(self) -> Text:
        """Say what its photo shows; in the language of who described it, where nobody put it into English."""
        return Text(self.photo_alt, self.photo_alt_en or self.photo_alt)

    def overdue(self, now: dt.datetime) -> bool:
        """Tell whether it should have been answered by now."""
        return self.answered is None and now > self.due


class TitleGram(models.Model):
    """A trigram of a title, for finding what was said before; derived, and made anew with the title."""

    process = models.ForeignKey(Process, on_delete=models.CASCADE, related_name="+")
    contribution = models.ForeignKey(Contribution, on_delete=models.CASCADE, related_name="grams")
    gram = models.CharField(max_length=3)

    class Meta:
        """Looked up by trigram."""

        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["process", "gram", "contribution"], name="title_grams")
        ]


class Step(models.Model):
    """What happened to a contribution: when, by which office, why; always public."""

    contribution = models.ForeignKey(Contribution, on_delete=models.CASCADE, related_name="steps")
    at = models.DateTimeField()
    state = models.CharField(max_length=12)
    outcome = models.CharField(max_length=12, blank=True)
    office_de = models.CharField(max_length=200)
    office_en = models.CharField(max_length=200)
    note_de = models.TextField(blank=True)
    note_en = models.TextField(blank=True)
    project = models.SlugField(blank=True)
    milestone = models.PositiveBigIntegerField(null=True)
    paper = models.URLField(max_length=500, blank=True)

    class Meta:
        """In the order in which they happened."""

        ordering: ClassVar[list[str]] = ["at", "id"]

    @property
    def state_text(self) -> Text:
        """Name the state, and the outcome of an answer."""
        return OUTCOMES[self.outcome] if self.outcome else STATES[self.state]

    @property
    def office(self) -> Text:
        """Name who acted."""
        return Text(self.office_de, self.office_en)

    @property
    def note(self) -> Text | None:
        """Give the reason."""
        return pair(self, "note")


class Comment(models.Model):
    """A reason for or against, or a question; there are no answers to answers."""

    contribution = models.ForeignKey(Contribution, null=True, on_delete=models.CASCADE, related_name="comments")
    paragraph = models.ForeignKey(Paragraph, null=True, on_delete=models.CASCADE, related_name="comments")
    stance = models.CharField(max_length=10)
    body = models.TextField()
    language = models.CharField(max_length=2, default="de")
    author = models.CharField(max_length=80, blank=True)
    at = models.DateTimeField()
    visibility = models.CharField(max_length=12, default="shown")
    key_digest = models.CharField(max_length=64, blank=True)
    writer = models.ForeignKey("participation.Follower", null=True, on_delete=models.SET_NULL, related_name="comments")

    class Meta:
        """Oldest first; about one thing."""

        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(contribution__isnull=False) ^ models.Q(paragraph__isnull=False),
                name="comment_about_one_thing",
            )
        ]

    @property
    def process(self) -> Process:
        """Give the process in which it was made."""
        about = self.contribution or self.paragraph
        if about is None:
            raise TypeError("a comment is about something")
        return about.process

    @property
    def stance_text(self) -> Text:
        """Name the stance."""
        return STANCES[self.stance]


class CoAuthor(models.Model):
    """Who is named beside the author, once they agreed; the address is that of a follower."""

    contribution = models.ForeignKey(Contribution, on_delete=models.CASCADE, related_name="coauthors")
    name = models.CharField(max_length=80)
    follower = models.ForeignKey("participation.Follower", null=True, on_delete=models.SET_NULL, related_name="+")
    agreed = models.DateTimeField(null=True)

    class Meta:
        """In the order in which they were named."""

        ordering: ClassVar[list[str]] = ["id"]


class Origin(models.Model):
    """From which contribution a paragraph grew."""

    paragraph = models.ForeignKey(Paragraph, on_delete=models.CASCADE, related_name="origins")
    contribution = models.ForeignKey(Contribution, on_delete=models.CASCADE, related_name="paragraphs")

    class Meta:
        """Once each."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["paragraph", "contribution"], name="origin_once")
        ]
