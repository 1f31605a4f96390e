-- From the organisation's stream: who sets a display name (organisation, approve, member).
ALTER TABLE organisation_settings ADD COLUMN names TEXT NOT NULL DEFAULT 'organisation';
-- A name that a member asked for and that stands open, or was refused: then with the reason, until they read it and ask
-- anew or withdraw. refused_by: none when it was done on the server's command line.
CREATE TABLE name_requests (
  member BYTEA NOT NULL PRIMARY KEY,
  display_name TEXT NOT NULL,
  asked_at BIGINT NOT NULL,
  refused_at BIGINT,
  refused_by BYTEA,
  reason TEXT
);
