-- A mark, not an event: where a device whose session is over can be called once more, to wipe itself. subscription: the
-- secret with address and keys. wanted_at: since when it is to be called.
CREATE TABLE marks_last_call (
  device BYTEA NOT NULL PRIMARY KEY,
  member BYTEA NOT NULL,
  session BYTEA NOT NULL,
  subscription BYTEA NOT NULL,
  wanted_at BIGINT
);
