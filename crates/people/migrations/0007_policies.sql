-- From the organisation's stream: its rules for devices, the whole set as JSON. No row: there never was one.
CREATE TABLE policies (
  id BIGINT NOT NULL PRIMARY KEY,
  version BIGINT NOT NULL,
  rules TEXT NOT NULL
);
