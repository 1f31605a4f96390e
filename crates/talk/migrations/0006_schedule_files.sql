-- The files of scheduled messages that are still open, in order. Follows from their author's stream.
CREATE TABLE schedule_files (
  member BYTEA NOT NULL,
  schedule BYTEA NOT NULL,
  position BIGINT NOT NULL,
  file BYTEA NOT NULL,
  PRIMARY KEY (member, schedule, position)
);
CREATE INDEX schedule_files_file ON schedule_files (file);
