-- name: unseen
-- The days of a hall that have ended and of which nothing is remembered yet, in order.
-- $1 text hall, $2 date the first, $3 date the last.
-- One row per day, or none.
SELECT d.day
FROM hall_days AS d
JOIN events AS e ON e.hall_id = d.hall_id AND e.day = d.day AND e.seq = d.seq
WHERE d.hall_id = $1 AND d.day BETWEEN $2 AND $3 AND e.kind = 'day_ended'
    AND NOT EXISTS (SELECT FROM day_facts AS f WHERE f.hall_id = d.hall_id AND f.day = d.day)
ORDER BY d.day;

-- name: open_before
-- Tell whether a day up to one has begun and not ended.
-- $1 text hall, $2 date the first looked at, $3 date the last.
-- One row when there is one, else none.
SELECT d.day
FROM hall_days AS d
JOIN events AS e ON e.hall_id = d.hall_id AND e.day = d.day AND e.seq = d.seq
WHERE d.hall_id = $1 AND d.day BETWEEN $2 AND $3 AND d.begun_at IS NOT NULL AND e.kind <> 'day_ended'
LIMIT 1;

-- name: facts
-- The facts of days, in order.
-- $1 text hall, $2 date the first, $3 date the last.
-- One row per day, or none.
SELECT facts
FROM day_facts
WHERE hall_id = $1 AND day BETWEEN $2 AND $3
ORDER BY day;

-- name: forget
-- Remove the facts of days long ago.
-- $1 text hall, $2 date the first that is kept.
-- No rows.
DELETE FROM day_facts
WHERE hall_id = $1 AND day < $2;

-- name: known
-- What a hall has learned.
-- $1 text hall.
-- One row per weekday, and one for all days; none before anything was learned.
SELECT weekday, learned
FROM learned
WHERE hall_id = $1;

-- name: learn
-- Put what was learned in the place of what was.
-- $1 text hall, $2 smallint weekday, 0 for all days, $3 json what was learned, $4 integer from how many days.
-- No rows.
INSERT INTO learned (hall_id, weekday, learned, days, changed_at)
VALUES ($1, $2, $3, $4, clock_timestamp())
ON CONFLICT (hall_id, weekday) DO UPDATE
SET learned = excluded.learned, days = excluded.days, changed_at = excluded.changed_at;
