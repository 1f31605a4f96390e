-- Marks: up to which place of a room everybody was told of what is new there; what else somebody is to be told of; when
-- somebody last got a summary by mail, and up to which moment it spoke of what waits.
CREATE TABLE marks_told (
  room BYTEA NOT NULL PRIMARY KEY,
  upto BIGINT NOT NULL
);
CREATE TABLE marks_notices (
  member BYTEA NOT NULL,
  what TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (member, what)
);
CREATE TABLE marks_mailed (
  member BYTEA NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL
);
