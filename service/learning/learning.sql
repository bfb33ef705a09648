-- name: without_facts
-- List the ended days of a hall whose facts are not stored yet, in order.
-- $1 text hall, $2 date first day, $3 date last day.
-- One row per day.
SELECT d.day
FROM hall_days AS d
JOIN events AS e ON e.hall_id = d.hall_id AND e.day = d.day AND e.seq = d.seq
WHERE d.hall_id = $1 AND d.day BETWEEN $2 AND $3 AND e.kind = 'day_ended'
    AND NOT EXISTS (SELECT FROM day_facts AS f WHERE f.hall_id = d.hall_id AND f.day = d.day)
ORDER BY d.day;

-- name: unfinished
-- Find a day that has begun and not ended.
-- $1 text hall, $2 date first day, $3 date last day.
-- One row if there is such a day, else none.
SELECT d.day
FROM hall_days AS d
JOIN events AS e ON e.hall_id = d.hall_id AND e.day = d.day AND e.seq = d.seq
WHERE d.hall_id = $1 AND d.day BETWEEN $2 AND $3 AND d.begun_at IS NOT NULL AND e.kind <> 'day_ended'
LIMIT 1;

-- name: facts
-- Read the facts of days, in order.
-- $1 text hall, $2 date first day, $3 date last day.
-- One row per day with facts.
SELECT facts
FROM day_facts
WHERE hall_id = $1 AND day BETWEEN $2 AND $3
ORDER BY day;

-- name: delete_old_facts
-- Delete the facts of old days.
-- $1 text hall, $2 date first day that is kept.
-- No rows.
DELETE FROM day_facts
WHERE hall_id = $1 AND day < $2;

-- name: learned
-- Read the learned values of a hall.
-- $1 text hall.
-- One row per weekday with learned values, and one for all days (weekday 0); none before the first learning.
SELECT weekday, learned
FROM learned
WHERE hall_id = $1;

-- name: store_learned
-- Store learned values, replacing earlier ones.
-- $1 text hall, $2 smallint weekday (0: all days), $3 json learned values, $4 integer number of days learned from.
-- No rows.
INSERT INTO learned (hall_id, weekday, learned, days, changed_at)
VALUES ($1, $2, $3, $4, clock_timestamp())
ON CONFLICT (hall_id, weekday) DO UPDATE
SET learned = excluded.learned, days = excluded.days, changed_at = excluded.changed_at;
