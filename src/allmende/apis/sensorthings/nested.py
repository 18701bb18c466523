"""An observation that brings its feature of interest with it (18-088, clause 10.2.1.2): both in one transaction."""

import msgspec

from allmende.apis.sensorthings.bodies import Bodies, Origin
from allmende.apis.sensorthings.create import Feature, Incoming, arrival_from, collecting, decoded
from allmende.gate.door import Gate
from allmende.gate.tokens import authenticate


class Making:
    """Makes for a token what an observation brings with it, and the observation."""

    def __init__(self, gate: Gate, plain: str, key: str) -> None:
        self._gate, self._key = gate, key
        self._token = authenticate(gate, plain)
        self._token.require("sensorthings:write")

    def along(self, incoming: Incoming, stream: int, body: bytes) -> tuple[int, bool]:
        """Store both; give the observation's number and whether it is new. A repeat makes no second feature."""
        grant = self._gate.grant(collecting(self._token))
        draft = Bodies(Origin()).draft(
            "FeaturesOfInterest", decoded(body)["FeatureOfInterest"], "FeatureOfInterest", back="Observations"
        )
        bundle = self._gate.bundle()
        end = bundle.drop
        try:
            with bundle.joined():
                feature = Feature(self._gate.make(grant, draft))
                linked = msgspec.structs.replace(incoming, FeatureOfInterest=feature)
                arrival = arrival_from(linked, stream, f"token:{self._token.name}", self._key)
                receipt = self._gate.append(grant, [arrival])
            if receipt.added:
                end = bundle.keep
        finally:
            end()
        return receipt.ids[0], receipt.added == 1
