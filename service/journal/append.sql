-- name: append
-- Claim the day's seq and head and write what follows from them: migrations/0015_append_3.sql says how.
-- $1 text hall, $2 date day, $3 integer seq before, $4 integer seq after, $5 uuid head before, $6 uuid id of this append;
-- $7 json array of events, $8 json[] their bodies, $9 json array of tickets, $10 of applicants, $11 of appointments, $12
-- of uses of invitations; $13 integer revision of the plan, $14 json sums of bookings, $15 json what has changed of them:
-- NULL when there are none.
-- One row: the database's clock, or NULL when another append was first.
SELECT append_3($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15);

-- name: landed
-- Tell whether an append whose answer was lost was the one that followed a seq.
-- $1 text hall, $2 date day, $3 integer the seq after the one it claimed, $4 uuid id of the append.
-- One row: whether the event there is its, and the database's clock.
SELECT EXISTS (
    SELECT FROM events WHERE hall_id = $1 AND day = $2 AND seq = $3 AND append_id = $4
) AS landed, clock_timestamp() AS at;

-- name: lock_day
-- Hold a day's row until the transaction ends.
-- $1 text hall, $2 date day.
-- One row: seq, head, whether it has begun, and the database's clock as of when the row was ours; none when the day is
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
-- Read a hall's document and keep it from changing, and other days from being opened, until the transaction ends.
-- $1 text hall.
-- One row: document as JSON text, revision; none when there is no such hall.
SELECT document, revision
FROM halls
WHERE hall_id = $1
FOR NO KEY UPDATE;

-- name: open_day
-- Open a day with no event and the nil head, unless it is opened, or a later one has begun.
-- $1 text hall, $2 date day, $3 boolean whether it begins with that: else it lies ahead, and is only booked on.
-- One row when this statement opened it, else none.
INSERT INTO hall_days (hall_id, day, seq, head, opened_at, begun_at)
SELECT $1, $2, 0, '00000000-0000-0000-0000-000000000000', clock_timestamp(), CASE WHEN $3 THEN clock_timestamp() END
WHERE NOT EXISTS (SELECT FROM hall_days AS d WHERE d.hall_id = $1 AND d.day > $2 AND d.begun_at IS NOT NULL)
ON CONFLICT (hall_id, day) DO NOTHING
RETURNING day;

-- name: begin_day
-- Begin a day that was opened ahead of its time, unless a later one has begun.
-- $1 text hall, $2 date day.
-- One row when this statement began it: seq, head; else none.
UPDATE hall_days
SET begun_at = clock_timestamp()
WHERE hall_id = $1 AND day = $2 AND begun_at IS NULL
    AND NOT EXISTS (SELECT FROM hall_days AS d WHERE d.hall_id = $1 AND d.day > $2 AND d.begun_at IS NOT NULL)
RETURNING seq, head;

-- name: at
-- The time of an event.
-- $1 text hall, $2 date day, $3 integer seq.
-- One row.
SELECT at
FROM events
WHERE hall_id = $1 AND day = $2 AND seq = $3;

-- name: begun
-- Tell whether a day has begun.
-- $1 text hall, $2 date day.
-- One row: begun; none when the day is not opened.
SELECT begun_at IS NOT NULL AS begun
FROM hall_days
WHERE hall_id = $1 AND day = $2;
