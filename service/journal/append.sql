-- name: append
-- Append events to a day if its seq and head are as expected; see migrations/0015_append_3.sql.
-- $1 text hall, $2 date day, $3 integer expected seq, $4 integer new seq, $5 uuid expected head, $6 uuid id of this append,
-- $7 json array of events, $8 json[] their bodies. The following are NULL if there are none: $9 json array of tickets,
-- $10 json array of applicants, $11 json array of appointments, $12 json array of uses of invitations, $13 integer revision
-- of the plan, $14 json booking totals, $15 json change of the booking totals.
-- One row: the database's clock, or NULL if another append was first.
SELECT append_3($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15);

-- name: landed
-- Find out whether an append whose answer was lost was committed.
-- $1 text hall, $2 date day, $3 integer number of its first event, $4 uuid id of the append.
-- One row: whether the event with this number belongs to the append, and the database's clock.
SELECT EXISTS (
    SELECT FROM events WHERE hall_id = $1 AND day = $2 AND seq = $3 AND append_id = $4
) AS landed, clock_timestamp() AS at;

-- name: lock_day
-- Lock the row of a day until the transaction ends.
-- $1 text hall, $2 date day.
-- One row: seq, head, whether the day has begun, and the database's clock after the lock was granted. No row if the day is
-- not opened.
WITH held AS MATERIALIZED (
    SELECT seq, head, begun_at IS NOT NULL AS begun
    FROM hall_days
    WHERE hall_id = $1 AND day = $2
    FOR UPDATE
)
SELECT seq, head, begun, clock_timestamp() AS at
FROM held;

-- name: document_held
-- Read a hall's document, and lock it until the transaction ends: it cannot change, and no other day can be opened.
-- $1 text hall.
-- One row: document as JSON text, revision. No row if the hall does not exist.
SELECT document, revision
FROM halls
WHERE hall_id = $1
FOR NO KEY UPDATE;

-- name: open_day
-- Open a day without events and with the nil head, unless it is opened or a later day has begun.
-- $1 text hall, $2 date day, $3 boolean whether it begins at once; otherwise it is ahead and only takes bookings.
-- One row if this statement opened it, otherwise none.
INSERT INTO hall_days (hall_id, day, seq, head, opened_at, begun_at)
SELECT $1, $2, 0, '00000000-0000-0000-0000-000000000000', clock_timestamp(), CASE WHEN $3 THEN clock_timestamp() END
WHERE NOT EXISTS (SELECT FROM hall_days AS d WHERE d.hall_id = $1 AND d.day > $2 AND d.begun_at IS NOT NULL)
ON CONFLICT (hall_id, day) DO NOTHING
RETURNING day;

-- name: begin_day
-- Begin a day that was opened ahead of its time, unless a later day has begun.
-- $1 text hall, $2 date day.
-- One row if this statement began it: seq, head. Otherwise none.
UPDATE hall_days
SET begun_at = clock_timestamp()
WHERE hall_id = $1 AND day = $2 AND begun_at IS NULL
    AND NOT EXISTS (SELECT FROM hall_days AS d WHERE d.hall_id = $1 AND d.day > $2 AND d.begun_at IS NOT NULL)
RETURNING seq, head;

-- name: at
-- Return the time of an event.
-- $1 text hall, $2 date day, $3 integer seq.
-- One row.
SELECT at
FROM events
WHERE hall_id = $1 AND day = $2 AND seq = $3;

-- name: begun
-- Tell whether a day has begun.
-- $1 text hall, $2 date day.
-- One row: whether it has begun. No row if the day is not opened.
SELECT begun_at IS NOT NULL AS begun
FROM hall_days
WHERE hall_id = $1 AND day = $2;
