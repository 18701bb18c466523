"""The tables of the store, once for SQLite and PostgreSQL.

Times are microseconds since 1970-01-01T00:00Z. JSON is kept as text. Migrations make these tables; they are never
made from here.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
)

from allmende.store.model import EntityKind

metadata = MetaData()

# Numbers of entities are small, what is asked for may be any number: PostgreSQL has to compare, not to overflow.
WHOLE = BigInteger().with_variant(Integer, "sqlite")

schema_version = Table("schema_version", metadata, Column("version", Integer, primary_key=True))

things = Table(
    "things",
    metadata,
    Column("id", WHOLE, primary_key=True),
    Column("slug", Text, unique=True),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("properties", Text, nullable=False),
)
locations = Table(
    "locations",
    metadata,
    Column("id", WHOLE, primary_key=True),
    Column("slug", Text, unique=True),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("encoding_type", Text, nullable=False),
    Column("location", Text, nullable=False),
    Column("properties", Text, nullable=False),
)
thing_locations = Table(
    "thing_locations",
    metadata,
    Column("thing_id", ForeignKey("things.id"), primary_key=True),
    Column("location_id", ForeignKey("locations.id"), primary_key=True, index=True),
)
historical_locations = Table(
    "historical_locations",
    metadata,
    Column("id", WHOLE, primary_key=True),
    Column("thing_id", ForeignKey("things.id"), nullable=False, index=True),
    Column("time", BigInteger, nullable=False),
)
historical_location_locations = Table(
    "historical_location_locations",
    metadata,
    Column("historical_location_id", ForeignKey("historical_locations.id"), primary_key=True),
    Column("location_id", ForeignKey("locations.id"), primary_key=True, index=True),
)
sensors = Table(
    "sensors",
    metadata,
    Column("id", WHOLE, primary_key=True),
    Column("slug", Text, unique=True),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("encoding_type", Text, nullable=False),
    Column("metadata", Text, nullable=False),
    Column("metadata_is_json", Boolean, nullable=False),
    Column("properties", Text, nullable=False),
)
observed_properties = Table(
    "observed_properties",
    metadata,
    Column("id", WHOLE, primary_key=True),
    Column("slug", Text, unique=True),
    Column("name", Text, nullable=False),
    Column("definition", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("properties", Text, nullable=False),
)
features = Table(
    "features",
    metadata,
    Column("id", WHOLE, primary_key=True),
    Column("slug", Text, unique=True),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("encoding_type", Text, nullable=False),
    Column("feature", Text, nullable=False),
    Column("properties", Text, nullable=False),
    Column("thing_id", ForeignKey("things.id"), index=True),
)
datastreams = Table(
    "datastreams",
    metadata,
    Column("id", WHOLE, primary_key=True),
    Column("slug", Text, unique=True),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("thing_id", ForeignKey("things.id"), nullable=False, index=True),
    Column("sensor_id", ForeignKey("sensors.id"), nullable=False, index=True),
    Column("observed_property_id", ForeignKey("observed_properties.id"), index=True),
    Column("feature_id", ForeignKey("features.id")),
    Column("multi_types", Text),
    Column("multi_units", Text),
    Column("unit", Text, nullable=False),
    Column("unit_given", Text),
    Column("observed_area", Text),
    Column("category", Text, nullable=False, index=True),
    Column("data_use", Text, nullable=False),
    Column("observation_type", Text, nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("minimum", Float),
    Column("maximum", Float),
    Column("max_rate", Float),
    Column("properties", Text, nullable=False),
)
datastream_features = Table(
    "datastream_features",
    metadata,
    Column("datastream_id", ForeignKey("datastreams.id"), primary_key=True),
    Column("feature_id", ForeignKey("features.id"), primary_key=True, index=True),
)
entity_changes = Table("entity_changes", metadata, Column("number", BigInteger, primary_key=True))
multi_observed_properties = Table(
    "multi_observed_properties",
    metadata,
    Column("datastream_id", ForeignKey("datastreams.id"), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("observed_property_id", ForeignKey("observed_properties.id"), nullable=False, index=True),
)
# Of which categories the datastreams were that once hung on an entity and are deleted.
traces = Table(
    "traces",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("entity_id", WHOLE, primary_key=True),
    Column("category", Text, primary_key=True),
)
stream_state = Table(
    "stream_state",
    metadata,
    Column("datastream_id", ForeignKey("datastreams.id"), primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("piece", BigInteger, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("fresh", BigInteger, nullable=False),
    Column("fresh_since", BigInteger),
    Column("first", BigInteger),
    Column("last", BigInteger),
    Column("known_first", BigInteger),
    Column("known_last", BigInteger),
    Column("latest_start", BigInteger),
    Column("latest", LargeBinary),
)
stream_days = Table(
    "stream_days",
    metadata,
    Column("datastream_id", ForeignKey("datastreams.id"), primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("minimum", Float, nullable=False),
    Column("maximum", Float, nullable=False),
    Column("total", Float, nullable=False),
)
sources = Table(
    "sources", metadata, Column("id", Integer, primary_key=True), Column("name", Text, nullable=False, unique=True)
)
# The secret of the noise on counts (see ``cellkey``): whoever has it can take the noise away.
cell_key = Table("cell_key", metadata, Column("id", Integer, primary_key=True), Column("secret", LargeBinary))
# What a question looks at, unpacked into a temporary table of the connection (see ``blocks``).
observations = Table(
    "decoded",
    metadata,
    Column("id", BigInteger),
    Column("datastream_id", Integer),
    Column("start", BigInteger),
    Column("duration", BigInteger),
    Column("latency", BigInteger),
    Column("received", BigInteger),
    Column("number", Float),
    Column("other", Text),
    Column("quality", SmallInteger),
    Column("source_id", Integer),
    Column("message", Text),
    Column("parameters", Text),
    Column("feature_id", Integer),
    Column("valid", Text),
    Column("described", Text),
)
rulebooks = Table(
    "rulebooks",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("published", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("content", Text, nullable=False),
)
sheetbooks = Table(
    "sheetbooks",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("published", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("content", Text, nullable=False),
)
tokens = Table(
    "tokens",
    metadata,
    Column("name", Text, primary_key=True),
    Column("digest", Text, nullable=False, unique=True),
    Column("scopes", Text, nullable=False),
    Column("until", Text),
    Column("created", BigInteger, nullable=False),
    Column("revoked", BigInteger),
    Column("last_used", Text),
)
decisions = Table(
    "decisions",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("asker", Text, nullable=False),
    Column("verb", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("allowed", Boolean, nullable=False),
    Column("rules", Text, nullable=False),
    Column("rulebook_version", Integer, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("times", Integer, nullable=False),
)

TABLE_OF: dict[EntityKind, Table] = {
    "Things": things,
    "Locations": locations,
    "HistoricalLocations": historical_locations,
    "Sensors": sensors,
    "ObservedProperties": observed_properties,
    "Datastreams": datastreams,
    "MultiDatastreams": datastreams,
    "FeaturesOfInterest": features,
}

QUALITIES = ("unchecked", "good", "suspect", "bad", "missing")
QUALITY_NUMBERS = {name: number for number, name in enumerate(QUALITIES)}
# What no sum, mean, series or indicator counts.
BAD = QUALITY_NUMBERS["bad"]
