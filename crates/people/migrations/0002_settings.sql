-- From the organisation's stream: what it decided for everyone. Bytes. No row: the usual (organisation/settings/rules.rs).
CREATE TABLE organisation_settings (
  id BIGINT NOT NULL PRIMARY KEY,
  largest BIGINT NOT NULL,
  per_member BIGINT,
  total BIGINT,
  push BOOLEAN NOT NULL,
  push_shows TEXT NOT NULL,
  mail BOOLEAN NOT NULL
);
