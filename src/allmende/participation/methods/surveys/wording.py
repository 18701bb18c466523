"""When a question is asked, and what somebody answered, in words."""

from collections.abc import Mapping, Sequence

from allmende.kernel.text import Text
from allmende.participation.methods.surveys.answers import Given, written
from allmende.participation.methods.surveys.questions import Asked

BETWEEN = Text(
    "Nur, wenn die Antwort auf Frage {n} zwischen {least} und {most} liegt.",
    "Only if the answer to question {n} is between {least} and {most}.",
)
AT_LEAST = Text(
    "Nur, wenn die Antwort auf Frage {n} mindestens {least} ist.",
    "Only if the answer to question {n} is {least} or more.",
)
AT_MOST = Text(
    "Nur, wenn die Antwort auf Frage {n} höchstens {most} ist.", "Only if the answer to question {n} is {most} or less."
)
EQUAL = Text("Nur, wenn die Antwort auf Frage {n} {most} ist.", "Only if the answer to question {n} is {most}.")


def when(one: Asked, every: Sequence[Asked]) -> Text | None:
    """Say after which answers a question is asked; None where it is asked of everybody."""
    aim = one.condition
    if aim is None:
        return None
    if aim.options:
        words = {
            option.number: option.text for other in every if other.number == aim.question for option in other.options
        }
        chosen = [words[number] for number in aim.options]
        de, en = "“ oder „".join(text.de for text in chosen), "” or “".join(text.en for text in chosen)
        return Text(f"Nur nach „{de}“ bei Frage {aim.question}.", f"Only after “{en}” at question {aim.question}.")
    least = None if aim.least is None else written(aim.least)
    most = None if aim.most is None else written(aim.most)
    if least is None:
        return AT_MOST.filled(n=aim.question, most=most)
    if most is None:
        return AT_LEAST.filled(n=aim.question, least=least)
    return (EQUAL if least == most else BETWEEN).filled(n=aim.question, least=least, most=most)


def said(one: Asked, given: Mapping[int, Given]) -> list[Text]:
    """Give what a form says to a question, part by part; nothing where it says nothing."""
    sent = given.get(one.number)
    if sent is None:
        return []
    if one.options:
        words = {str(option.number): option.text for option in one.options}
        found = [words[value] for value in sent.values if value in words]
    else:
        unit = (f" {one.unit.de}", f" {one.unit.en}") if one.unit else ("", "")
        found = [_plain(one, value, unit) for value in sent.values if value.strip()]
    return [*found, Text(sent.words, sent.words)] if sent.words.strip() else found


def _plain(one: Asked, value: str, unit: tuple[str, str]) -> Text:
    if one.kind == "number":
        return Text(value.replace(".", ",") + unit[0], value.replace(",", ".") + unit[1])
    return Text(value, value)
