-- Messages to applicants, by mail and by webhook: what has to be sent, and how far the journal has been read for it.

-- How far a day has been read. A row of its own, for every append changes the one in hall_days and would wait for it.
CREATE TABLE outbox_cursors (
    hall_id text NOT NULL,
    day date NOT NULL,
    seq integer NOT NULL,
    CONSTRAINT outbox_cursor_once PRIMARY KEY (hall_id, day)
);

-- A message for one person by one channel. It holds no personal data: whom it is for and where they are reached is read
-- from applicants when it is sent. subject is the appointment or ticket it is about, seq the day's event it follows from
-- (0 where it follows from none), facts what the texts say besides. due_at is when it should be sent, next_at when it
-- is tried next, expires_at when it is of no use any more. claim is who has it in hand, until leased_until.
CREATE TABLE outbox (
    hall_id text NOT NULL,
    id uuid NOT NULL,
    day date NOT NULL,
    subject uuid NOT NULL,
    seq integer NOT NULL,
    kind text NOT NULL,
    channel text NOT NULL,
    applicant_id uuid NOT NULL,
    facts json NOT NULL,
    state text NOT NULL,
    reason text,
    made_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    next_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    tries integer NOT NULL,
    claim uuid,
    leased_until timestamptz,
    CONSTRAINT message_id_once PRIMARY KEY (hall_id, id),
    CONSTRAINT message_once UNIQUE (hall_id, day, subject, seq, kind, channel),
    CONSTRAINT message_kind CHECK (
        kind IN ('booked', 'changed', 'cancelled', 'day_before', 'hour_before', 'near', 'missed')
    ),
    CONSTRAINT message_channel CHECK (channel IN ('mail', 'webhook')),
    CONSTRAINT message_state CHECK (state IN ('waiting', 'sending', 'sent', 'dead', 'withdrawn')),
    CONSTRAINT dead_for_a_reason CHECK (state <> 'dead' OR reason IS NOT NULL),
    CONSTRAINT leased_by_a_claim CHECK (leased_until IS NULL OR claim IS NOT NULL),
    CONSTRAINT sending_by_a_claim CHECK (state <> 'sending' OR leased_until IS NOT NULL)
) WITH (fillfactor = 80); -- a message changes three times

CREATE INDEX messages_to_send ON outbox (next_at) WHERE state IN ('waiting', 'sending');
CREATE INDEX messages_by_state ON outbox (hall_id, state, id);
