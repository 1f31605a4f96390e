-- The journal. One text for SQLite and PostgreSQL: ids and hashes BYTEA, instants BIGINT (ms UTC), JSON TEXT.
CREATE TABLE events (
  stream BYTEA NOT NULL,
  seq BIGINT NOT NULL,
  at BIGINT NOT NULL,
  actor TEXT NOT NULL,
  member BYTEA,
  device BYTEA,
  kind TEXT NOT NULL,
  body TEXT NOT NULL,
  prev BYTEA NOT NULL,
  hash BYTEA NOT NULL,
  CONSTRAINT events_pkey PRIMARY KEY (stream, seq)
);

-- Where each stream stands, and how many of its events have a place in the transparency log.
CREATE TABLE streams (
  stream BYTEA NOT NULL,
  seq BIGINT NOT NULL,
  hash BYTEA NOT NULL,
  sequenced BIGINT NOT NULL DEFAULT 0,
  CONSTRAINT streams_pkey PRIMARY KEY (stream)
);
CREATE INDEX streams_waiting ON streams (stream) WHERE sequenced < seq;

-- Content apart from facts: the event holds SHA-256(salt || body). Erasing empties salt and body; the proof stays.
CREATE TABLE contents (
  id BYTEA NOT NULL PRIMARY KEY,
  salt BYTEA,
  body BYTEA
);

-- Secrets apart too: password hashes, token hashes, recovery codes. Found by id, or by kind and value.
CREATE TABLE secrets (
  id BYTEA NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  value BYTEA NOT NULL
);
CREATE INDEX secrets_value ON secrets (kind, value);
