-- The transparency log: the one order of all events, by their chain hash, and the organisation's signatures under it.
CREATE TABLE log_entries (
  idx BIGINT NOT NULL PRIMARY KEY,
  stream BYTEA NOT NULL,
  seq BIGINT NOT NULL,
  leaf BYTEA NOT NULL
);
-- One place for each event; finds an event's index for a proof.
CREATE UNIQUE INDEX log_entries_event ON log_entries (stream, seq);

CREATE TABLE log_heads (
  size BIGINT NOT NULL PRIMARY KEY,
  root BYTEA NOT NULL,
  at BIGINT NOT NULL,
  key_id BYTEA NOT NULL,
  signature BYTEA NOT NULL
);

-- The right edge of the tree, in one row (id 0), so that growing it never reads the log again.
CREATE TABLE log_frontier (
  id BIGINT NOT NULL PRIMARY KEY,
  size BIGINT NOT NULL,
  peaks BYTEA NOT NULL
);
