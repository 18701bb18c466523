"""The register as linked data: data uses in the Data Privacy Vocabulary 2, the rule book as an ODRL policy."""

from typing import Any

from allmende.ethics.model import EVERY, VERBS, Duties, Rule, Rulebook
from allmende.ethics.vocabulary import terms_of
from allmende.ethics.wording import duty_words
from allmende.kernel.text import Text
from allmende.register.exports.content import Register
from allmende.register.models import DataUse

CONTEXT: dict[str, Any] = {
    "dpv": "https://w3id.org/dpv#",
    "odrl": "http://www.w3.org/ns/odrl/2/",
    "dct": "http://purl.org/dc/terms/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
KINDS = {
    "none": "dpv:NonPersonalData",
    "anonymous": "dpv:AnonymisedData",
    # Sums over people say nothing of anybody, as far as the rules demand enough people in them.
    "aggregated": "dpv:NonPersonalData",
    "pseudonymous": "dpv:PseudonymisedData",
    "personal": "dpv:PersonalData",
    "special": "dpv:SpecialCategoryPersonalData",
}
OF_PERSONS = ("pseudonymous", "personal", "special")
ACTIONS = {
    "collect": "dpv:Collect",
    "link": "dpv:Combine",
    "use": "odrl:use",
    "pass_on": "dpv:Disclose",
    "publish": "dpv:MakeAvailable",
    "delete": "odrl:delete",
}
Node = dict[str, Any]


def _words(text: Text) -> list[Node]:
    return [{"@language": "de", "@value": text.de}, {"@language": "en", "@value": text.en}]


def _ref(name: str) -> Node:
    return {"@id": name}


def _day(day: object) -> Node:
    return {"@type": "xsd:date", "@value": str(day)}


class _Names:
    """Gives the names of purposes, categories and recipients: the register's address with a fragment."""

    def __init__(self, register: Register) -> None:
        self.page = f"{register.base}/datenethik/register.jsonld"

    def of(self, kind: str, slug: str) -> str:
        """Name something."""
        return f"{self.page}#{kind}-{slug}"


def _ground(book: Rulebook, names: _Names) -> list[Node]:
    """Write purposes, categories of data and classes of recipients, each below the term of the vocabulary."""
    found: list[Node] = []
    for purpose in book.purposes:
        above = names.of("purpose", purpose.parent) if purpose.parent else ""
        broader = [_ref(name) for name in (above, terms_of(purpose.slug, book)[0]) if name]
        node = {"@id": names.of("purpose", purpose.slug), "@type": ["dpv:Purpose", "skos:Concept"]}
        found.append({**node, "skos:prefLabel": _words(purpose.title), "skos:broader": broader})
    for category in book.categories:
        node = {"@id": names.of("category", category.slug), "@type": ["odrl:AssetCollection", KINDS[category.personal]]}
        found.append({**node, "rdfs:label": _words(category.title)})
    for recipient in book.recipients:
        node = {"@id": names.of("recipient", recipient.slug), "@type": ["odrl:PartyCollection", "dpv:Recipient"]}
        found.append({**node, "rdfs:label": _words(recipient.title)})
    return found


def _use(register: Register, use: DataUse, names: _Names) -> Node:
    """Write a data use as a process."""
    of_persons = use.category.personal in OF_PERSONS
    node: Node = {
        "@id": names.of("use", use.slug),
        "@type": "dpv:PersonalDataProcess" if of_persons else "dpv:NonPersonalDataProcess",
        "dct:title": _words(use.title),
        "dpv:hasPurpose": _ref(names.of("purpose", use.purpose.slug)),
        "dpv:hasPersonalData" if of_persons else "dpv:hasData": _ref(names.of("category", use.category.slug)),
        "dpv:hasProcessing": [_ref("dpv:Collect"), _ref("dpv:Use")],
        "dpv:hasRecipient": [_ref(names.of("recipient", one.slug)) for one in use.recipients.all()],
        "dct:isPartOf": _ref(f"{register.base}/datenethik/register/"),
    }
    entities = (
        ("responsible", "hasDataController", "DataController"),
        ("provider", "hasDataProcessor", "DataProcessor"),
    )
    for name, relation, kind in entities:
        if text := use.part(name):
            node[f"dpv:{relation}"] = {"@type": f"dpv:{kind}", "rdfs:label": _words(text)}
    if text := use.part("what"):
        node["dct:description"] = _words(text)
    if text := use.part("legal_basis"):
        node["dpv:hasLegalBasis"] = {"@type": "dpv:LegalBasis", "rdfs:label": _words(text)}
    if text := use.part("retention"):
        node["dpv:hasStorageCondition"] = {"@type": "dpv:StorageDuration", "rdfs:label": _words(text)}
    return node


def _rule(rule: Rule, names: _Names) -> Node:
    """Write a rule; what is open to all purposes, data or recipients names none."""
    verbs = VERBS if EVERY in rule.verbs else rule.verbs
    node: Node = {
        "@id": names.of("rule", rule.slug),
        "@type": "odrl:Permission" if rule.effect == "permit" else "odrl:Prohibition",
        "dct:title": _words(rule.title),
        "dct:description": _words(rule.reason),
        "dct:source": rule.source,
        "odrl:action": [_ref(ACTIONS[verb]) for verb in verbs],
    }
    if EVERY not in rule.categories:
        node["odrl:target"] = [_ref(names.of("category", slug)) for slug in rule.categories]
    if EVERY not in rule.recipients:
        node["odrl:assignee"] = [_ref(names.of("recipient", slug)) for slug in rule.recipients]
    constraints = _constraints(rule, names)
    if constraints:
        node["odrl:constraint"] = constraints
    if rule.duties != Duties():
        node["skos:note"] = _words(duty_words(rule.duties))
    return node


def _constraints(rule: Rule, names: _Names) -> list[Node]:
    found: list[Node] = []
    if EVERY not in rule.purposes:
        wanted = [_ref(names.of("purpose", slug)) for slug in rule.purposes]
        found.append(_constraint("purpose", "isAnyOf", wanted))
    if rule.since:
        found.append(_constraint("dateTime", "gteq", _day(rule.since)))
    if rule.until:
        found.append(_constraint("dateTime", "lteq", _day(rule.until)))
    return found


def _constraint(left: str, operator: str, right: Any) -> Node:
    operand = {"odrl:leftOperand": _ref(f"odrl:{left}"), "odrl:operator": _ref(f"odrl:{operator}")}
    return {"@type": "odrl:Constraint", **operand, "odrl:rightOperand": right}


def dpv(register: Register) -> dict[str, Any]:
    """Write data uses and rules as one graph; unlike in ODRL's default, what no rule permits is prohibited here."""
    names, book = _Names(register), register.book
    graph = [*_ground(book, names), *(_use(register, use, names) for use in register.uses)]
    if book.rules:
        policy: Node = {
            "@id": f"{register.base}/datenethik/fassungen/{book.version}/",
            "@type": "odrl:Set",
            "odrl:uid": f"{register.base}/datenethik/fassungen/{book.version}/",
            # A prohibition wins over any permission.
            "odrl:conflict": _ref("odrl:prohibit"),
        }
        for kind, relation in (("permit", "odrl:permission"), ("prohibit", "odrl:prohibition")):
            found = [_rule(rule, names) for rule in book.rules if rule.effect == kind and rule.in_force(register.day)]
            if found:
                policy[relation] = found
        graph.append(policy)
    return {"@context": CONTEXT, "@graph": graph}
