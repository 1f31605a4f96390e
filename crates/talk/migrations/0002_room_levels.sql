-- How a member wants to hear of a room: 'all', 'mentions' (what is addressed to them), 'none'; and silence until an instant.
ALTER TABLE marks_room ADD COLUMN notify TEXT NOT NULL DEFAULT 'all';
ALTER TABLE marks_room ADD COLUMN quiet_until BIGINT;
UPDATE marks_room SET notify = 'none' WHERE muted = TRUE;
ALTER TABLE marks_room DROP COLUMN muted;
