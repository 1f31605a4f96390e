-- What a person keeps for themselves. Rows follow from the member's own stream, except marks_drafts.
CREATE TABLE bookmarks (
  member BYTEA NOT NULL,
  message BYTEA NOT NULL,
  room BYTEA NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (member, message)
);
CREATE INDEX bookmarks_newest ON bookmarks (member, at);

-- The id is the client's and only its own member's: two people's may be equal.
CREATE TABLE reminders (
  member BYTEA NOT NULL,
  id BYTEA NOT NULL,
  room BYTEA NOT NULL,
  message BYTEA NOT NULL,
  at BIGINT NOT NULL,
  -- set | due
  state TEXT NOT NULL,
  PRIMARY KEY (member, id)
);
CREATE INDEX reminders_set ON reminders (at) WHERE state = 'set';

-- Scheduled messages; the id becomes the message's. Rows stay when all is done, so that a late retry makes no second one.
CREATE TABLE schedules (
  member BYTEA NOT NULL,
  id BYTEA NOT NULL,
  room BYTEA NOT NULL,
  content BYTEA NOT NULL,
  label TEXT,
  reply_to BYTEA,
  at BIGINT NOT NULL,
  -- waiting | failed | sent | cancelled
  state TEXT NOT NULL,
  -- why it failed: a code and the facts that fill its words, JSON
  failure TEXT,
  PRIMARY KEY (member, id)
);
CREATE INDEX schedules_waiting ON schedules (at) WHERE state = 'waiting';

-- One draft for each person and room. `since`: the membership it was written under; `at`: when, by the client's clock.
-- A draft that was sent or thrown away stays as an empty one for a while, so that an older one from another device
-- does not bring it back.
CREATE TABLE marks_drafts (
  member BYTEA NOT NULL,
  room BYTEA NOT NULL,
  since BIGINT NOT NULL,
  text TEXT NOT NULL,
  picked TEXT NOT NULL,
  label TEXT,
  reply_to BYTEA,
  at BIGINT NOT NULL,
  PRIMARY KEY (member, room)
);

-- Somebody's last word in a room: what came before it is not waiting for them (未返信).
CREATE INDEX messages_author ON messages (author, room, seq) WHERE deleted_at IS NULL;
