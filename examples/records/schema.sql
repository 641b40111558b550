CREATE TABLE IF NOT EXISTS calls (
	sid            TEXT PRIMARY KEY,
	direction      TEXT NOT NULL,
	caller         TEXT NOT NULL,
	callee         TEXT NOT NULL,
	country        TEXT,
	began          TEXT,    -- when the policy was asked; NULL if it has not been, as for a call that nobody picked up
	verdict        TEXT,    -- allow, challenge or reject
	reason         TEXT,
	status         TEXT,    -- CallStatus
	sequence       INTEGER, -- of the status callback that said so
	ended          TEXT,
	seconds        INTEGER, -- as Twilio counts them; of the streams until it has said so
	billed_minutes INTEGER,
	sip_code       INTEGER,
	answered_by    TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS calls_by_caller ON calls (caller);
CREATE TABLE IF NOT EXISTS turns (
	sid  TEXT NOT NULL,
	leg  INTEGER NOT NULL, -- number of the call's stream
	n    INTEGER NOT NULL, -- of the turn in the call
	at   TEXT NOT NULL,
	who  TEXT NOT NULL,    -- caller or bot
	text TEXT NOT NULL,
	PRIMARY KEY (sid, n)
) STRICT;
