-- Where a session stands. factor_at: when a second factor was shown in it; proved_at: when its person last proved to be
-- there; paper: whether a recovery code opened it, so that another of the same sheet is no second factor.
-- device, token_until: through which enrolled device it was opened, and until when its present token opens.
ALTER TABLE sessions ADD COLUMN factor_at BIGINT;
ALTER TABLE sessions ADD COLUMN proved_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN paper BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE sessions ADD COLUMN device BYTEA;
ALTER TABLE sessions ADD COLUMN token_until BIGINT;
UPDATE sessions SET proved_at = opened_at;
