CREATE TABLE touched (
  datastream_id INTEGER NOT NULL, first BIGINT NOT NULL, last BIGINT NOT NULL, at BIGINT NOT NULL);
CREATE INDEX touched_stream ON touched (datastream_id, last);
