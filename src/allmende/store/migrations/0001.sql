CREATE TABLE things (id {id}, slug TEXT UNIQUE, name TEXT NOT NULL, description TEXT NOT NULL, properties TEXT NOT NULL);

CREATE TABLE locations (
  id {id}, slug TEXT UNIQUE, name TEXT NOT NULL, description TEXT NOT NULL, encoding_type TEXT NOT NULL,
  location TEXT NOT NULL, properties TEXT NOT NULL);

CREATE TABLE thing_locations (
  thing_id INTEGER NOT NULL REFERENCES things (id), location_id INTEGER NOT NULL REFERENCES locations (id),
  PRIMARY KEY (thing_id, location_id));
CREATE INDEX thing_locations_location ON thing_locations (location_id);

CREATE TABLE historical_locations (id {id}, thing_id INTEGER NOT NULL REFERENCES things (id), time BIGINT NOT NULL);
CREATE INDEX historical_locations_thing ON historical_locations (thing_id);

CREATE TABLE historical_location_locations (
  historical_location_id INTEGER NOT NULL REFERENCES historical_locations (id),
  location_id INTEGER NOT NULL REFERENCES locations (id), PRIMARY KEY (historical_location_id, location_id));
CREATE INDEX historical_location_locations_location ON historical_location_locations (location_id);

CREATE TABLE sensors (
  id {id}, slug TEXT UNIQUE, name TEXT NOT NULL, description TEXT NOT NULL, encoding_type TEXT NOT NULL,
  metadata TEXT NOT NULL, metadata_is_json BOOLEAN NOT NULL, properties TEXT NOT NULL);

CREATE TABLE observed_properties (
  id {id}, slug TEXT UNIQUE, name TEXT NOT NULL, definition TEXT NOT NULL, description TEXT NOT NULL,
  properties TEXT NOT NULL);

CREATE TABLE features (
  id {id}, slug TEXT UNIQUE, name TEXT NOT NULL, description TEXT NOT NULL, encoding_type TEXT NOT NULL,
  feature TEXT NOT NULL, properties TEXT NOT NULL, thing_id INTEGER REFERENCES things (id));
CREATE INDEX features_thing ON features (thing_id);

CREATE TABLE datastreams (
  id {id}, slug TEXT UNIQUE, name TEXT NOT NULL, description TEXT NOT NULL,
  thing_id INTEGER NOT NULL REFERENCES things (id), sensor_id INTEGER NOT NULL REFERENCES sensors (id),
  observed_property_id INTEGER REFERENCES observed_properties (id), feature_id INTEGER REFERENCES features (id),
  multi_types TEXT, multi_units TEXT, unit TEXT NOT NULL, unit_given TEXT, observed_area TEXT, category TEXT NOT NULL, data_use TEXT NOT NULL, observation_type TEXT NOT NULL,
  simulated BOOLEAN NOT NULL, minimum DOUBLE PRECISION, maximum DOUBLE PRECISION, max_rate DOUBLE PRECISION,
  properties TEXT NOT NULL);
CREATE INDEX datastreams_thing ON datastreams (thing_id);
CREATE INDEX datastreams_sensor ON datastreams (sensor_id);
CREATE INDEX datastreams_observed_property ON datastreams (observed_property_id);
CREATE INDEX datastreams_category ON datastreams (category);

CREATE TABLE datastream_features (
  datastream_id INTEGER NOT NULL REFERENCES datastreams (id), feature_id INTEGER NOT NULL REFERENCES features (id),
  PRIMARY KEY (datastream_id, feature_id));
CREATE INDEX datastream_features_feature ON datastream_features (feature_id);

CREATE TABLE entity_changes (number BIGINT PRIMARY KEY);
INSERT INTO entity_changes (number) VALUES (0);

CREATE TABLE multi_observed_properties (
  datastream_id INTEGER NOT NULL REFERENCES datastreams (id), place INTEGER NOT NULL,
  observed_property_id INTEGER NOT NULL REFERENCES observed_properties (id), PRIMARY KEY (datastream_id, place));
CREATE INDEX multi_observed_properties_property ON multi_observed_properties (observed_property_id);

CREATE TABLE traces (
  kind TEXT NOT NULL, entity_id INTEGER NOT NULL, category TEXT NOT NULL, PRIMARY KEY (kind, entity_id, category)){without_rowid};

CREATE TABLE stream_state (
  datastream_id INTEGER PRIMARY KEY REFERENCES datastreams (id), sequence BIGINT NOT NULL, piece BIGINT NOT NULL,
  epoch BIGINT NOT NULL, count BIGINT NOT NULL, fresh BIGINT NOT NULL, fresh_since BIGINT, first BIGINT, last BIGINT,
  known_first BIGINT, known_last BIGINT, latest_start BIGINT, latest {bytes});
CREATE INDEX stream_state_fresh ON stream_state (fresh_since) WHERE fresh > 0;

CREATE TABLE stream_days (
  datastream_id INTEGER NOT NULL REFERENCES datastreams (id), day INTEGER NOT NULL, count INTEGER NOT NULL,
  minimum DOUBLE PRECISION NOT NULL, maximum DOUBLE PRECISION NOT NULL, total DOUBLE PRECISION NOT NULL,
  PRIMARY KEY (datastream_id, day)){without_rowid};

CREATE TABLE sources (id {id}, name TEXT NOT NULL UNIQUE);

CREATE TABLE fresh (
  id {counted_id}, datastream_id INTEGER NOT NULL, piece BIGINT NOT NULL, first BIGINT NOT NULL, last BIGINT NOT NULL,
  low BIGINT NOT NULL, high BIGINT NOT NULL, count INTEGER NOT NULL, body {bytes} NOT NULL);
CREATE UNIQUE INDEX fresh_piece ON fresh (datastream_id, piece);

CREATE TABLE sealed (
  id {counted_id}, datastream_id INTEGER NOT NULL, first BIGINT NOT NULL, last BIGINT NOT NULL, until BIGINT NOT NULL,
  low BIGINT NOT NULL, high BIGINT NOT NULL, count INTEGER NOT NULL, known_first BIGINT, known_last BIGINT,
  numbers INTEGER NOT NULL, minimum DOUBLE PRECISION, maximum DOUBLE PRECISION, total DOUBLE PRECISION,
  body {bytes} NOT NULL);
CREATE UNIQUE INDEX sealed_first ON sealed (datastream_id, first);

CREATE TABLE revisions (
  id {counted_id}, observation_id BIGINT NOT NULL, datastream_id INTEGER NOT NULL, at BIGINT NOT NULL,
  actor TEXT NOT NULL, reason TEXT NOT NULL, body {bytes} NOT NULL);
CREATE INDEX revisions_observation ON revisions (observation_id);

CREATE TABLE rulebooks (version INTEGER PRIMARY KEY, published BIGINT NOT NULL, actor TEXT NOT NULL, content TEXT NOT NULL);

CREATE TABLE tokens (
  name TEXT PRIMARY KEY, digest TEXT NOT NULL UNIQUE, scopes TEXT NOT NULL, until TEXT, created BIGINT NOT NULL,
  revoked BIGINT, last_used TEXT);

CREATE TABLE decisions (
  id {counted_id}, at BIGINT NOT NULL, asker TEXT NOT NULL, verb TEXT NOT NULL, purpose TEXT NOT NULL,
  recipient TEXT NOT NULL, category TEXT NOT NULL, allowed BOOLEAN NOT NULL, rules TEXT NOT NULL,
  rulebook_version INTEGER NOT NULL, amount BIGINT NOT NULL, times INTEGER NOT NULL);
CREATE INDEX decisions_at ON decisions (at);

CREATE TABLE quarantine (
  id {counted_id}, received BIGINT NOT NULL, datastream_id INTEGER, category TEXT, source TEXT NOT NULL,
  code TEXT NOT NULL, reason_de TEXT NOT NULL, reason_en TEXT NOT NULL, body TEXT NOT NULL, digest TEXT NOT NULL UNIQUE,
  decided BIGINT, actor TEXT, deed TEXT, note TEXT);
CREATE INDEX quarantine_open ON quarantine (datastream_id, id) WHERE decided IS NULL;
CREATE INDEX quarantine_received ON quarantine (received);

CREATE TABLE ledger_outbox (id {counted_id}, at BIGINT NOT NULL, act TEXT NOT NULL, body TEXT NOT NULL);

CREATE TABLE ledger_tallies (
  minute BIGINT NOT NULL, verb TEXT NOT NULL, category TEXT NOT NULL, purpose TEXT NOT NULL, recipient TEXT NOT NULL,
  rules TEXT NOT NULL, rulebook_version INTEGER NOT NULL, times BIGINT NOT NULL,
  PRIMARY KEY (minute, verb, category, purpose, recipient, rules, rulebook_version)){without_rowid};

CREATE TABLE ledger_entries (position {big_id}, body {bytes} NOT NULL);

CREATE TABLE ledger_tiles (
  level INTEGER NOT NULL, place BIGINT NOT NULL, hashes {bytes} NOT NULL, PRIMARY KEY (level, place));

CREATE TABLE ledger_state (
  id INTEGER PRIMARY KEY, size BIGINT NOT NULL, last TEXT NOT NULL, day INTEGER NOT NULL, signer TEXT NOT NULL,
  checkpoint {bytes} NOT NULL);
INSERT INTO ledger_state (id, size, last, day, signer, checkpoint) VALUES (1, 0, '', 0, '', CAST('' AS {bytes}));

CREATE TABLE ledger_openings (
  commitment TEXT PRIMARY KEY, subject TEXT NOT NULL, salt {bytes} NOT NULL, value TEXT NOT NULL);
CREATE INDEX ledger_openings_subject ON ledger_openings (subject) WHERE subject <> '';

CREATE TABLE ledger_witnessed (
  origin TEXT PRIMARY KEY, size BIGINT NOT NULL, root {bytes} NOT NULL, second BIGINT NOT NULL);
