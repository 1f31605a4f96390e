-- Files. Every row follows from its room's stream, except the marks_ tables.
CREATE TABLE files (
  id BYTEA NOT NULL PRIMARY KEY,
  room BYTEA NOT NULL,
  -- the place of its file.added
  seq BIGINT NOT NULL,
  at BIGINT NOT NULL,
  -- who uploaded it
  member BYTEA NOT NULL,
  -- the name, in contents
  name BYTEA NOT NULL,
  size BIGINT NOT NULL,
  media TEXT NOT NULL,
  -- of texts
  charset TEXT,
  kind TEXT NOT NULL,
  extension TEXT NOT NULL,
  width BIGINT,
  height BIGINT,
  preview BOOLEAN NOT NULL,
  -- hexadecimal, of the bytes as they are served
  sha256 TEXT NOT NULL,
  -- the wrapped key, in secrets
  secret BYTEA NOT NULL,
  -- ready, waiting, infected, erased
  state TEXT NOT NULL,
  -- the message it was sent with
  message BYTEA
);
CREATE INDEX files_unposted ON files (at) WHERE message IS NULL;
CREATE INDEX files_waiting ON files (at) WHERE state = 'waiting';

-- Which files a message brought, in its order; the room and the place once more, for pages of a room's files.
CREATE TABLE message_files (
  message BYTEA NOT NULL,
  position BIGINT NOT NULL,
  file BYTEA NOT NULL,
  room BYTEA NOT NULL,
  seq BIGINT NOT NULL,
  -- the name as the message brought it, in contents
  name BYTEA NOT NULL,
  PRIMARY KEY (message, position)
);
CREATE UNIQUE INDEX message_files_file ON message_files (file);
CREATE INDEX message_files_place ON message_files (room, seq);

-- What each member's files weigh in each room, bytes.
CREATE TABLE room_usage (
  room BYTEA NOT NULL,
  member BYTEA NOT NULL,
  bytes BIGINT NOT NULL,
  PRIMARY KEY (room, member)
);
CREATE INDEX room_usage_member ON room_usage (member);

-- Marks: uploads under way, and bytes whose file is gone from here but may still lie in the store.
CREATE TABLE marks_uploads (
  file BYTEA NOT NULL PRIMARY KEY,
  room BYTEA NOT NULL,
  member BYTEA NOT NULL,
  name TEXT NOT NULL,
  size BIGINT NOT NULL,
  -- as the browser says
  media TEXT,
  -- the wrapped key, in secrets
  secret BYTEA NOT NULL,
  at BIGINT NOT NULL
);
CREATE INDEX marks_uploads_member ON marks_uploads (member);
CREATE INDEX marks_uploads_at ON marks_uploads (at);
CREATE TABLE marks_upload_parts (
  file BYTEA NOT NULL,
  part BIGINT NOT NULL,
  PRIMARY KEY (file, part)
);
CREATE TABLE marks_file_remains (
  file BYTEA NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL
);
