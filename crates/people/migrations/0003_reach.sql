-- From each member's own stream: through which session a browser is told. subscription: the secret with address and keys.
CREATE TABLE push_subscriptions (
  session BYTEA NOT NULL PRIMARY KEY,
  member BYTEA NOT NULL,
  subscription BYTEA NOT NULL,
  since BIGINT NOT NULL
);
CREATE INDEX push_subscriptions_member ON push_subscriptions (member);
CREATE INDEX push_subscriptions_subscription ON push_subscriptions (subscription);

-- A mark, not an event: silence in every room until an instant, and whether summary mails are wanted.
CREATE TABLE marks_notify (
  member BYTEA NOT NULL PRIMARY KEY,
  quiet_until BIGINT,
  mail BOOLEAN NOT NULL
);
