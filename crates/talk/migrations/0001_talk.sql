-- Rooms, their members, messages. Every row follows from its room's stream, except the marks_ tables.
CREATE TABLE rooms (
  id BYTEA NOT NULL PRIMARY KEY,
  stream BYTEA NOT NULL,
  kind TEXT NOT NULL,
  name TEXT,
  description TEXT NOT NULL,
  icon TEXT,
  department BYTEA,
  history TEXT NOT NULL,
  archived BOOLEAN NOT NULL,
  -- both members of a direct room in order, so that a pair has one room
  pair BYTEA,
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX rooms_pair ON rooms (pair);
CREATE INDEX rooms_department ON rooms (department);

CREATE TABLE room_members (
  room BYTEA NOT NULL,
  member BYTEA NOT NULL,
  manager BOOLEAN NOT NULL,
  -- the place of the event that brought them in
  since BIGINT NOT NULL,
  -- they see what stands above this place
  floor BIGINT NOT NULL,
  PRIMARY KEY (room, member)
);
CREATE INDEX room_members_member ON room_members (member);

CREATE TABLE messages (
  id BYTEA NOT NULL PRIMARY KEY,
  room BYTEA NOT NULL,
  seq BIGINT NOT NULL,
  at BIGINT NOT NULL,
  author BYTEA NOT NULL,
  -- the text as it is now; earlier versions are named by the journal
  content BYTEA NOT NULL,
  label TEXT,
  reply_to BYTEA,
  mentions TEXT NOT NULL,
  everyone BOOLEAN NOT NULL,
  edits BIGINT NOT NULL,
  edited_at BIGINT,
  deleted_at BIGINT,
  deleted_by BYTEA,
  answered_at BIGINT,
  answered_by BYTEA,
  pinned_at BIGINT,
  pinned_by BYTEA
);
CREATE UNIQUE INDEX messages_place ON messages (room, seq);
CREATE INDEX messages_everyone ON messages (author, at) WHERE everyone = TRUE;
CREATE INDEX messages_pinned ON messages (room) WHERE pinned_at IS NOT NULL;
CREATE INDEX messages_open ON messages (room) WHERE label IS NOT NULL AND answered_at IS NULL;

-- Who is addressed by name, for counting what is unread and addressed to me.
CREATE TABLE mentions (
  room BYTEA NOT NULL,
  member BYTEA NOT NULL,
  seq BIGINT NOT NULL,
  message BYTEA NOT NULL,
  PRIMARY KEY (room, member, seq)
);
CREATE INDEX mentions_message ON mentions (message);

CREATE TABLE reactions (
  message BYTEA NOT NULL,
  reaction TEXT NOT NULL,
  member BYTEA NOT NULL,
  seq BIGINT NOT NULL,
  PRIMARY KEY (message, reaction, member)
);

-- Marks: how far each member has read (now, and as ranges with their times), and how they keep a room.
CREATE TABLE marks_read (
  room BYTEA NOT NULL,
  member BYTEA NOT NULL,
  upto BIGINT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (room, member)
);
CREATE TABLE marks_reading (
  room BYTEA NOT NULL,
  member BYTEA NOT NULL,
  upto BIGINT NOT NULL,
  after BIGINT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (room, member, upto)
);
CREATE TABLE marks_room (
  room BYTEA NOT NULL,
  member BYTEA NOT NULL,
  muted BOOLEAN NOT NULL,
  favourite BOOLEAN NOT NULL,
  PRIMARY KEY (room, member)
);
