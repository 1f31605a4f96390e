-- From each member's own stream: which devices they use. key: an uncompressed P-256 point. wipe_at, wiped_at: told to wipe
-- itself, said that it did. by: none when it was done on the server's command line.
CREATE TABLE devices (
  id BYTEA NOT NULL PRIMARY KEY,
  member BYTEA NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  os TEXT NOT NULL,
  ownership TEXT NOT NULL,
  state TEXT NOT NULL,
  key BYTEA NOT NULL,
  first_seen BIGINT NOT NULL,
  enrolled_at BIGINT,
  address TEXT NOT NULL,
  consent_version BIGINT,
  consent_at BIGINT,
  locked_at BIGINT,
  locked_by BYTEA,
  wipe_at BIGINT,
  wipe_by BYTEA,
  wiped_at BIGINT,
  wiped_items BIGINT
);
CREATE INDEX devices_member ON devices (member);

-- What can still bring a device in. code: the secret that holds its hash.
CREATE TABLE device_codes (
  code BYTEA NOT NULL PRIMARY KEY,
  member BYTEA NOT NULL,
  ownership TEXT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX device_codes_member ON device_codes (member);

-- From the organisation's stream: what it decided about devices. No row: the usual (devices/rules.rs, devices/terms.rs).
CREATE TABLE device_settings (
  id BIGINT NOT NULL PRIMARY KEY,
  required BOOLEAN NOT NULL,
  code_from_manager BOOLEAN NOT NULL,
  code_from_own_device BOOLEAN NOT NULL,
  approval BOOLEAN NOT NULL,
  most BIGINT,
  lease_hours BIGINT NOT NULL
);

CREATE TABLE device_terms (
  version BIGINT NOT NULL PRIMARY KEY,
  text TEXT NOT NULL,
  since BIGINT NOT NULL
);

-- Locked as a whole person, by whom; none when it was done on the server's command line.
ALTER TABLE members ADD COLUMN locked_at BIGINT;
ALTER TABLE members ADD COLUMN locked_by BYTEA;

-- A mark, not an event: when a device was last in use, to the minute, and from where.
CREATE TABLE marks_device_seen (
  device BYTEA NOT NULL PRIMARY KEY,
  member BYTEA NOT NULL,
  at BIGINT NOT NULL,
  address TEXT NOT NULL
);
CREATE INDEX marks_device_seen_member ON marks_device_seen (member);

-- Whether an invitation or the founding opened it, which is as good as a code for a device.
ALTER TABLE sessions ADD COLUMN invited BOOLEAN NOT NULL DEFAULT FALSE;
-- Until when the token opens that a device was given last; the journal knows only those before.
ALTER TABLE marks_session_seen ADD COLUMN token_until BIGINT;
