"""``$filter`` and ``$orderby`` of SensorThings 1.1 (18-088, clause 9.3.3.5), read by recursive descent."""

from collections.abc import Callable

from allmende.apis.sensorthings.lex import Misplaced, Source, Word, words
from allmende.apis.sensorthings.literals import LITERALS, literal
from allmende.gate.query import Call, Compare, Constant, Expression, Logic, Not, Order, Path
from allmende.kernel.errors import Malformed

EQUALITIES, RELATIONS = ("eq", "ne"), ("gt", "ge", "lt", "le")
SUMS, PRODUCTS = ("add", "sub"), ("mul", "div", "mod")
TRUTHS = {"true": True, "false": False, "null": None}
RESERVED = frozenset((*EQUALITIES, *RELATIONS, *SUMS, *PRODUCTS, "and", "or", "not", "in"))
DEEPEST, MOST = 40, 500


class Places:
    """Remembers where the parts of a request's expressions stand, for errors that are found later."""

    def __init__(self) -> None:
        self._places: dict[int, tuple[Expression, Source, int]] = {}

    def note(self, part: Expression, source: Source, place: int) -> None:
        """Note the place of a part; the part is kept, so that its identity stays its own."""
        self._places[id(part)] = (part, source, place)

    def placed(self, error: Malformed) -> Malformed:
        """Give the error with its place, where that is known."""
        known = self._places.get(id(error.about))
        return error if known is None else Misplaced(error, known[1].option, known[1].before + known[2])


class Reader:
    """Reads one option."""

    def __init__(self, source: Source, text: str, places: Places) -> None:
        self.source, self.places = source, places
        self._words = list(words(source, text))
        self._at = 0
        self._depth = 0
        self._amount = 0

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
            raise self.source.fault(self.word.place, f"hier fehlt „{text}“", f"“{text}” is missing here")
        self.take()

    def end(self) -> None:
        """Refuse what stands behind the end."""
        if self.word.kind != "end":
            shown = self.word.text[:30]
            raise self.source.fault(self.word.place, f"„{shown}“ ist zu viel", f"“{shown}” is too much")

    def condition(self) -> Expression:
        """Read ``a or b``."""
        self._deeper()
        found = self._joined("or", lambda: self._joined("and", self._negated))
        self._depth -= 1
        return found

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self.source.fault(self.word.place, f"mehr als {DEEPEST} Ebenen", f"more than {DEEPEST} levels")

    def _joined(self, operator: str, read: Callable[[], Expression]) -> Expression:
        terms = [read()]
        while self.word.kind == "name" and self.word.text == operator:
            self._count(self.take())
            terms.append(read())
        return terms[0] if len(terms) == 1 else Logic(operator, tuple(terms))  # type: ignore[arg-type]

    def _count(self, word: Word) -> None:
        self._amount += 1
        if self._amount > MOST:
            raise self.source.fault(word.place, f"mehr als {MOST} Bedingungen", f"more than {MOST} conditions")

    def _negated(self) -> Expression:
        negations = 0
        while self.word.kind == "name" and self.word.text == "not":
            self.take()
            negations += 1
        term = self._chain(EQUALITIES, lambda: self._chain(RELATIONS, self._listed))
        return Not(term) if negations % 2 else term

    def _chain(self, operators: tuple[str, ...], read: Callable[[], Expression]) -> Expression:
        """Read operators of one rank, which bind from left to right."""
        left, before = read(), self._depth
        while self.word.kind == "name" and self.word.text in operators:
            self._deeper()
            word = self.take()
            right = read()
            compares = operators in (EQUALITIES, RELATIONS)
            made = Compare(word.text, left, right) if compares else Call(word.text, (left, right))  # type: ignore[arg-type]
            left = self._noted(made, word)
        self._depth = before
        return left

    def _listed(self) -> Expression:
        """Read ``a in (b, c)``, which is short for ``a eq b or a eq c``."""
        left = self._chain(SUMS, lambda: self._chain(PRODUCTS, self._value))
        if self.word.text != "in" or self.word.kind != "name":
            return left
        word = self.take()
        self.expect("(")
        terms: list[Expression] = []
        while not terms or self.word.text == ",":
            self._count(self.take() if terms else self.word)
            terms.append(self._noted(Compare("eq", left, self._value()), word))
        self.expect(")")
        return terms[0] if len(terms) == 1 else Logic("or", tuple(terms))

    def _value(self) -> Expression:
        word = self.take()
        if word.text == "(" and word.kind == "mark":
            inner = self.condition()
            self.expect(")")
            return inner
        if word.text == "-" and word.kind == "mark":
            self._deeper()
            negative = self._noted(Call("sub", (Constant(0), self._value())), word)
            self._depth -= 1
            return negative
        if word.kind in LITERALS:
            return self._noted(literal(self.source, word), word)
        if word.kind == "name" and word.text not in RESERVED:
            if word.text in TRUTHS:
                return self._noted(Constant(TRUTHS[word.text]), word)
            made = self._call(word) if self.word.text == "(" else path_from_text(word.text)
            return self._noted(made, word)
        raise self.source.fault(word.place, "hier fehlt ein Wert", "a value is missing here")

    def _noted(self, part: Expression, word: Word) -> Expression:
        self.places.note(part, self.source, word.place)
        return part

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

    def orders(self) -> tuple[Order, ...]:
        """Read the keys of an order, each with its direction."""
        orders: list[Order] = []
        while not orders or self.word.text == ",":
            if orders:
                self._count(self.take())
            by = self._chain(SUMS, lambda: self._chain(PRODUCTS, self._value))
            descending = self.word.text.lower() == "desc"
            if self.word.text.lower() in ("asc", "desc"):
                self.take()
            orders.append(Order(by, descending))
        return tuple(orders)


def path_from_text(text: str) -> Path:
    """Read ``Datastream/Thing/name``; ``@iot.id`` is the id."""
    return Path(tuple("id" if part == "@iot.id" else part for part in text.split("/")))


def read_filter(source: Source, text: str, places: Places) -> Expression:
    """Read ``$filter``."""
    reader = Reader(source, text, places)
    found = reader.condition()
    reader.end()
    return found


def read_order(source: Source, text: str, places: Places) -> tuple[Order, ...]:
    """Read ``$orderby``: properties, and what can be reckoned from them."""
    reader = Reader(source, text, places)
    found = reader.orders()
    reader.end()
    return found
