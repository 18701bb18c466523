"""Learning the hint of moderation anew when decisions came or texts went, and switching it off."""

import datetime as dt
from itertools import islice

import msgspec
from django.db import transaction

from allmende.accounts.rules import SystemActor
from allmende.accounts.services import Actor, record
from allmende.gate.door import Gate
from allmende.kernel.text import Text
from allmende.participation import hint_queries as queries
from allmende.participation.hint_queries import Decided, Facts
from allmende.participation.methods.hints import LEAST, LIMIT, Quality, Weights, digest_of, distinct, learn, missing
from allmende.participation.models import Learned
from allmende.participation.models.hints import ONLY
from allmende.participation.permission import CONTRIBUTIONS, barred
from allmende.register.services import end_algorithm, enter_algorithm

ACTOR = SystemActor("system:participation")
# Decisions beyond this many say more of the past than of what comes.
NEWEST = 20_000
SHEET = "moderation-hint"
SHEET_WORDS = {
    "title": Text("Hinweise für die Moderation", "Hints for moderation"),
    "purpose": Text(
        "Wer moderiert, sieht bei einem wartenden Text, ob er früher verborgenen Texten gleicht, und kann solche "
        "zuerst lesen.",
        "Who moderates sees beside a waiting text whether it is like texts that were hidden, and can read such first.",
    ),
    "responsible": Text("Moderation der Stadt", "the city's moderation"),
    "provider": Text("Allmende, freie Software (EUPL-1.2)", "Allmende, free software (EUPL-1.2)"),
    "method": Text(
        "Logistische Regression über Folgen von zwei bis vier Zeichen; gelernt nur aus Entscheidungen dieser Stadt, "
        f"auf ihrem Rechner. Kein Hinweis unter je {LEAST} Entscheidungen oder wenn er an Entscheidungen, aus denen er "
        f"nicht lernte, zu oft irrt. Gezeigt ab {str(LIMIT).replace('.', ',')} von 1. "
        "Güte und Umfang: /mitmachen/moderation/.",
        "Logistic regression over sequences of two to four signs; learned from decisions of this city alone, on its "
        f"own machine. No hint below {LEAST} decisions each way, or where it errs too often on decisions it did not "
        f"learn from. Shown from {LIMIT} of 1 on. How good it is: /en/mitmachen/moderation/.",
    ),
    "data": Text(
        "Worte von Beiträgen und Kommentaren, über die moderiert wurde, ohne Namen und Adressen; behalten werden "
        "Zahlen, keine Worte. Was gelöscht wird, wird beim nächsten Lernen vergessen.",
        "Words of contributions and comments that moderation decided about, without names and addresses; kept are "
        "numbers, no words. What is deleted is forgotten with the next learning.",
    ),
    "affected": Text("Wer Beiträge oder Kommentare schreibt", "Those who write contributions or comments"),
    "risks": Text(
        "Frühere Irrtümer könnten sich wiederholen. Darum verbirgt, verzögert und veröffentlicht es nichts, gibt zu "
        "Einsprüchen keinen Hinweis, bewertet Texte und keine Menschen, und lässt sich abschalten.",
        "Earlier errors could repeat themselves. So it hides, delays and publishes nothing, gives no hint on appeals, "
        "rates texts and no people, and can be switched off.",
    ),
    "rights": Text(
        "Über jeden Text entscheidet ein Mensch, mit Grund; wer schrieb, kann Einspruch einlegen, über den jemand "
        "anderes entscheidet.",
        "A human decides about each text, with a reason; whoever wrote it can appeal, and somebody else decides.",
    ),
}


def learn_again(now: dt.datetime, gate: Gate) -> bool:
    """Learn anew if what is to be learned from has changed since the last time; tell whether it has.

    Only texts are read that the administration may use for the purpose of their process.
    """
    row, _ = Learned.objects.get_or_create(pk=ONLY)
    if not row.wanted:
        return False
    allowed = [one for one in sorted(queries.purposes()) if barred(gate, one, CONTRIBUTIONS) is None]
    rows = list(islice(queries.decided(allowed), NEWEST))
    examples = distinct(one.example for one in rows)
    digest = digest_of(examples)
    if row.looked is not None and row.digest == digest:
        return False
    hidden = sum(one.hidden for one in examples)
    facts = _facts(rows, kept=len(examples) - hidden, hidden=hidden)
    enough = not any(missing(kept=facts.kept, hidden=facts.hidden))
    found = learn(examples) if enough else None
    _keep(row, digest, facts, found, now)
    return True


def _facts(rows: list[Decided], *, kept: int, hidden: int) -> Facts:
    days = [one.day for one in rows]
    return Facts(kept, hidden, min(days, default=None), max(days, default=None))


@transaction.atomic
def _keep(row: Learned, digest: str, facts: Facts, found: tuple[Quality, Weights] | None, now: dt.datetime) -> None:
    """Keep what was learned; of a hint that would mislead only that it would, and why."""
    told = msgspec.structs.replace(facts, quality=found[0] if found else None)
    useful = found is not None and found[0].suffices
    values = {
        "looked": now,
        "digest": digest,
        "facts": msgspec.json.encode(told).decode(),
        "weights": found[1].places.tobytes() if found and useful else None,
        "bias": found[1].bias if found and useful else 0.0,
    }
    # Who switches it off meanwhile has the last word.
    if Learned.objects.filter(pk=row.pk, wanted=True).update(**values):
        after = {"kept": facts.kept, "hidden": facts.hidden, "works": useful}
        record(ACTOR, "participation.hint_learned", row, after=after)
        if useful:
            use = CONTRIBUTIONS.data_use
            enter_algorithm(ACTOR, SHEET, SHEET_WORDS, source="Allmende, ADR 45", use=use, day=now.date())


@transaction.atomic
def switch(actor: Actor, *, wanted: bool, now: dt.datetime) -> None:
    """Switch the hint off, and forget what was learned; or on, and learn at the next round."""
    row, _ = Learned.objects.select_for_update().get_or_create(pk=ONLY)
    if row.wanted == wanted:
        return
    Learned.objects.filter(pk=ONLY).update(
        wanted=wanted, digest="", facts="", weights=None, bias=0.0, looked=None if wanted else now
    )
    if not wanted:
        end_algorithm(actor, SHEET, now.date())
    record(actor, "participation.hint_switched", row, before={"wanted": row.wanted}, after={"wanted": wanted})
