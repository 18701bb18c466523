CREATE TABLE flags (
  datastream_id INTEGER NOT NULL, sequence BIGINT NOT NULL, start BIGINT NOT NULL, level SMALLINT NOT NULL,
  tests TEXT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (datastream_id, sequence)){without_rowid};
CREATE INDEX flags_start ON flags (datastream_id, start);

CREATE TABLE checks (datastream_id INTEGER PRIMARY KEY, sequence BIGINT NOT NULL, again BIGINT);
