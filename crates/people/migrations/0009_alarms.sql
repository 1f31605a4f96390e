-- Each alarm follows from one event, in whose stream it stands. audience: the member it is about, or those who manage
-- members. actor, maker: who did it. device, session: with which it was done, where that is known.
CREATE TABLE alarms (
  id BYTEA NOT NULL PRIMARY KEY,
  stream BYTEA NOT NULL,
  seq BIGINT NOT NULL,
  at BIGINT NOT NULL,
  kind TEXT NOT NULL,
  audience TEXT NOT NULL,
  subject BYTEA,
  actor TEXT NOT NULL,
  maker BYTEA,
  device BYTEA,
  session BYTEA,
  facts TEXT NOT NULL,
  denied_at BIGINT
);
CREATE INDEX alarms_subject ON alarms (subject, id);
CREATE INDEX alarms_audience ON alarms (audience, id);
CREATE INDEX alarms_event ON alarms (stream, seq);

-- From the stream of whoever saw it.
CREATE TABLE alarms_seen (
  alarm BYTEA NOT NULL,
  member BYTEA NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (alarm, member)
);
CREATE INDEX alarms_seen_member ON alarms_seen (member);

-- From each member's own stream, what later alarms are judged by: the networks they signed in from, wrong proofs of one
-- kind since the last right one, and the moments of the latest wrong proofs of any kind.
CREATE TABLE alarm_places (
  member BYTEA NOT NULL,
  network TEXT NOT NULL,
  last_at BIGINT NOT NULL,
  PRIMARY KEY (member, network)
);
CREATE TABLE alarm_streaks (
  member BYTEA NOT NULL,
  proof TEXT NOT NULL,
  wrong BIGINT NOT NULL,
  since BIGINT NOT NULL,
  PRIMARY KEY (member, proof)
);
CREATE TABLE alarm_latest (
  member BYTEA NOT NULL PRIMARY KEY,
  moments TEXT NOT NULL
);

-- Its person says that somebody else may know it: it opens nothing but on a device of theirs, and is to be changed.
ALTER TABLE credentials ADD COLUMN doubted BOOLEAN NOT NULL DEFAULT FALSE;
