"""``$filter`` and ``$orderby`` of SensorThings 1.1 (18-088, clause 9.3.3.5), read by recursive descent."""

import datetime as dt
import math

from allmende.apis.sensorthings.lex import Word, fault, words
from allmende.gate.query import Call, Compare, Constant, Expression, Logic, Not, Order, Path
from allmende.kernel.clock import UTC, micros_from_instant

COMPARISONS = ("eq", "ne", "gt", "ge", "lt", "le")
DEEPEST = 50


class Reader:
    """Reads one option."""

    def __init__(self, option: str, text: str) -> None:
        self.option = option
        self._words = list(words(option, text))
        self._at = 0
        self._depth = 0

    @property
    def word(self) -> Word:
        """Give the word that is next."""
        return self._words[self._at]

    def take(self) -> Word:
        """Give the next word and go on."""
        word = self.word
        self._at += 1
        return word

    def expect(self, text: str) -> None:
        """Take this word, or say that it is missing."""
        if self.word.text != text:
            raise fault(self.option, self.word.place, f"hier fehlt „{text}“", f"“{text}” is missing here")
        self.take()

    def end(self) -> None:
        """Refuse what stands behind the end."""
        if self.word.kind != "end":
            shown = self.word.text[:30]
            raise fault(self.option, self.word.place, f"„{shown}“ ist zu viel", f"“{shown}” is too much")

    def condition(self) -> Expression:
        """Read ``a or b``."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise fault(self.option, self.word.place, f"mehr als {DEEPEST} Ebenen", f"more than {DEEPEST} levels")
        terms = [self._all()]
        while self.word.text == "or":
            self.take()
            terms.append(self._all())
        self._depth -= 1
        return terms[0] if len(terms) == 1 else Logic("or", tuple(terms))

    def _all(self) -> Expression:
        terms = [self._negated()]
        while self.word.text == "and":
            self.take()
            terms.append(self._negated())
        return terms[0] if len(terms) == 1 else Logic("and", tuple(terms))

    def _negated(self) -> Expression:
        negations = 0
        while self.word.kind == "name" and self.word.text == "not":
            self.take()
            negations += 1
        term = self._comparison()
        return Not(term) if negations % 2 else term

    def _comparison(self) -> Expression:
        left = self._value()
        if self.word.text in COMPARISONS:
            operator = self.take().text
            return Compare(operator, left, self._value())  # type: ignore[arg-type]
        return left

    def _value(self) -> Expression:
        word = self.take()
        if word.text == "(":
            inner = self.condition()
            self.expect(")")
            return inner
        if word.kind in ("text", "number", "instant"):
            return self._constant(word)
        if word.kind == "name":
            if word.text in ("true", "false", "null"):
                return Constant({"true": True, "false": False, "null": None}[word.text])
            if self.word.text == "(":
                return self._call(word)
            return path_from_text(word.text)
        raise fault(self.option, word.place, "hier fehlt ein Wert", "a value is missing here")

    def _call(self, name: Word) -> Call:
        self.expect("(")
        arguments = []
        if self.word.text != ")":
            arguments.append(self.condition())
            while self.word.text == ",":
                self.take()
                arguments.append(self.condition())
        self.expect(")")
        return Call(name.text.lower(), tuple(arguments))

    def _constant(self, word: Word) -> Constant:
        if word.kind == "text":
            return Constant(word.text[1:-1].replace("''", "'"))
        if word.kind == "instant":
            return Constant(self._instant(word), is_instant=True)
        if word.text.lstrip("+-").isdigit():
            whole = int(word.text)
            if abs(whole) < 1 << 63:
                return Constant(whole)
        number = float(word.text)
        if not math.isfinite(number):
            raise fault(self.option, word.place, "die Zahl ist zu groß", "the number is too large")
        return Constant(number)

    def _instant(self, word: Word) -> int:
        text = word.text.partition("/")[0]
        try:
            instant = dt.datetime.fromisoformat(text)
            return micros_from_instant(instant if instant.tzinfo else instant.replace(tzinfo=UTC))
        except (ValueError, OverflowError) as error:
            raise fault(self.option, word.place, f"„{text}“ ist kein Zeitpunkt", f"“{text}” is no instant") from error


def path_from_text(text: str) -> Path:
    """Read ``Datastream/Thing/name``; ``@iot.id`` is the id."""
    return Path(tuple("id" if part == "@iot.id" else part for part in text.split("/")))


def read_filter(text: str) -> Expression:
    """Read ``$filter``."""
    reader = Reader("$filter", text)
    found = reader.condition()
    reader.end()
    return found


def read_order(text: str) -> tuple[Order, ...]:
    """Read ``$orderby``."""
    reader = Reader("$orderby", text)
    orders = []
    while True:
        word = reader.take()
        if word.kind != "name":
            raise fault("$orderby", word.place, "hier fehlt eine Eigenschaft", "a property is missing here")
        descending = reader.word.text == "desc"
        if reader.word.text in ("asc", "desc"):
            reader.take()
        orders.append(Order(path_from_text(word.text), descending))
        if reader.word.text != ",":
            break
        reader.take()
    reader.end()
    return tuple(orders)
