-- From each member's own stream: what they can show beside a password. secret: where an authenticator app's seed lies.
-- used: an app's last used time step, a passkey's signature counter; only later ones are taken.
CREATE TABLE factors (
  id BYTEA NOT NULL PRIMARY KEY,
  member BYTEA NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  since BIGINT NOT NULL,
  last_used BIGINT,
  used BIGINT NOT NULL,
  secret BYTEA,
  credential TEXT,
  public_key TEXT
);
CREATE INDEX factors_member ON factors (member);
CREATE UNIQUE INDEX factors_credential ON factors (credential);

-- A seed shown and not confirmed yet.
CREATE TABLE totp_offers (
  member BYTEA NOT NULL PRIMARY KEY,
  secret BYTEA NOT NULL
);

-- A code that ends somebody's factors. Once used it stays until they have a factor again: until then they must get one.
CREATE TABLE factor_resets (
  member BYTEA NOT NULL PRIMARY KEY,
  code BYTEA NOT NULL,
  maker BYTEA,
  made_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used BOOLEAN NOT NULL
);

-- short: the password may only stand beside a second factor (R3).
ALTER TABLE credentials ADD COLUMN short BOOLEAN NOT NULL DEFAULT FALSE;
