"""Rules for tests: weather may be collected by the administration and is open to the public."""

from allmende.ethics.model import Category, Purpose, Recipient, Rule, Rulebook
from allmende.kernel.text import Text


def _same(word: str) -> Text:
    return Text(word, word)


def _rule(verb: str, purpose: str, recipient: str) -> Rule:
    return Rule(
        slug=f"weather-{verb}",
        effect="permit",
        verbs=(verb,),
        categories=("weather",),
        purposes=(purpose,),
        recipients=(recipient,),
        title=_same(verb),
        reason=_same(verb),
        source="test",
    )


WEATHER_RULES = Rulebook(
    purposes=tuple(Purpose(slug, _same(slug), _same(slug)) for slug in ("open-data", "climate-adaptation")),
    categories=(Category("weather", _same("weather"), "none"),),
    recipients=tuple(Recipient(slug, _same(slug)) for slug in ("public", "administration")),
    rules=(
        _rule("collect", "climate-adaptation", "administration"),
        _rule("publish", "open-data", "public"),
    ),
)
