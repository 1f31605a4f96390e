-- From the organisation's stream: who belongs to it, and how they are ordered.
CREATE TABLE organisation (
  id BIGINT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  founded_at BIGINT NOT NULL
);

CREATE TABLE departments (
  id BYTEA NOT NULL PRIMARY KEY,
  parent BYTEA,
  name TEXT NOT NULL,
  place BIGINT NOT NULL
);

-- look: what the display name looks like (UTS 39 skeleton). staff_key: the staff number as signed in with.
CREATE TABLE members (
  id BYTEA NOT NULL PRIMARY KEY,
  family_name TEXT NOT NULL,
  given_name TEXT NOT NULL,
  family_kana TEXT NOT NULL,
  given_kana TEXT NOT NULL,
  display_name TEXT NOT NULL,
  look TEXT NOT NULL,
  staff_number TEXT,
  staff_key TEXT,
  login TEXT,
  email TEXT,
  company TEXT,
  kind TEXT NOT NULL,
  role TEXT NOT NULL,
  state TEXT NOT NULL,
  added_at BIGINT NOT NULL,
  joined_at BIGINT
);
CREATE UNIQUE INDEX members_look ON members (look);
CREATE UNIQUE INDEX members_login ON members (login);
CREATE UNIQUE INDEX members_staff_key ON members (staff_key);

CREATE TABLE member_departments (
  member BYTEA NOT NULL,
  department BYTEA NOT NULL,
  position TEXT,
  place BIGINT NOT NULL,
  PRIMARY KEY (member, department)
);
CREATE INDEX member_departments_department ON member_departments (department);

-- token: the secret that holds the SHA-256 of the link's token. It stays after use, so that reuse can be told (410).
CREATE TABLE invitations (
  id BYTEA NOT NULL PRIMARY KEY,
  member BYTEA NOT NULL,
  token BYTEA NOT NULL,
  made_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  standing TEXT NOT NULL
);
CREATE UNIQUE INDEX invitations_token ON invitations (token);
CREATE INDEX invitations_member ON invitations (member);

-- From each member's own stream: how they prove who they are.
CREATE TABLE credentials (
  member BYTEA NOT NULL PRIMARY KEY,
  password BYTEA NOT NULL,
  set_at BIGINT NOT NULL
);

CREATE TABLE recovery_codes (
  code BYTEA NOT NULL PRIMARY KEY,
  member BYTEA NOT NULL
);
CREATE INDEX recovery_codes_member ON recovery_codes (member);

CREATE TABLE sessions (
  id BYTEA NOT NULL PRIMARY KEY,
  member BYTEA NOT NULL,
  token BYTEA NOT NULL,
  opened_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  idle BIGINT NOT NULL,
  address TEXT NOT NULL,
  agent TEXT NOT NULL
);
CREATE UNIQUE INDEX sessions_token ON sessions (token);
CREATE INDEX sessions_member ON sessions (member);

CREATE TABLE preferences (
  member BYTEA NOT NULL PRIMARY KEY,
  language TEXT,
  theme TEXT,
  enter_sends BOOLEAN NOT NULL
);

-- A mark, not an event: when a session was last used, to the minute.
CREATE TABLE marks_session_seen (
  session BYTEA NOT NULL PRIMARY KEY,
  member BYTEA NOT NULL,
  at BIGINT NOT NULL
);
CREATE INDEX marks_session_seen_member ON marks_session_seen (member);
