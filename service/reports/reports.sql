-- name: days
-- The days of a hall that have begun, with what is kept of those that have ended.
-- $1 text hall, $2 date the first, $3 date the last.
-- One row per day, in order: figures is NULL when nothing is kept of it.
SELECT d.day, d.seq, e.kind = 'day_ended' AS ended, f.figures
FROM hall_days AS d
JOIN events AS e ON e.hall_id = d.hall_id AND e.day = d.day AND e.seq = d.seq
LEFT JOIN day_figures AS f ON f.hall_id = d.hall_id AND f.day = d.day AND f.seq = d.seq
WHERE d.hall_id = $1 AND d.day BETWEEN $2 AND $3 AND d.begun_at IS NOT NULL
ORDER BY d.day;

-- name: unkept
-- Days that have ended and of which nothing is kept, of all halls, the latest first.
-- $1 date the first, $2 integer how many at most.
-- One row per day, or none.
SELECT d.hall_id, d.day
FROM hall_days AS d
JOIN events AS e ON e.hall_id = d.hall_id AND e.day = d.day AND e.seq = d.seq
WHERE d.day >= $1 AND d.begun_at IS NOT NULL AND e.kind = 'day_ended' AND NOT EXISTS (
    SELECT FROM day_figures AS f WHERE f.hall_id = d.hall_id AND f.day = d.day AND f.seq = d.seq
)
ORDER BY d.day DESC, d.hall_id
LIMIT $2;

-- name: sent_online
-- Requests for what is done online.
-- $1 text hall, $2 date the first, $3 date the last.
-- One row per day and service, or none.
SELECT day, service, requests
FROM sent_online
WHERE hall_id = $1 AND day BETWEEN $2 AND $3
ORDER BY day, service;

-- name: count_online
-- Add requests for what is done online.
-- $1 text[] halls, $2 date[] day of each, $3 text[] service of each, $4 integer[] how many of each.
-- No rows.
INSERT INTO sent_online AS o (hall_id, day, service, requests)
SELECT a.hall_id, a.day, a.service, a.requests
FROM unnest($1::text[], $2::date[], $3::text[], $4::integer[]) AS a (hall_id, day, service, requests)
ORDER BY a.hall_id, a.day, a.service -- two processes that add at once do so in one order
ON CONFLICT (hall_id, day, service) DO UPDATE
SET requests = o.requests + excluded.requests;

-- name: now
-- Where the present days of halls stand, and who waits on those that nobody has in memory.
-- $1 text[] halls, $2 date[] the day of each, $3 boolean[] whether its tickets are to be looked at.
-- One row per day that has begun; numbers are NULL where they were not wanted.
SELECT a.hall_id, d.seq, d.head, e.kind = 'day_ended' AS ended, t.waiting, t.standby, t.longest_since_at
FROM unnest($1::text[], $2::date[], $3::boolean[]) AS a (hall_id, day, wanted)
JOIN hall_days AS d ON d.hall_id = a.hall_id AND d.day = a.day AND d.begun_at IS NOT NULL
JOIN events AS e ON e.hall_id = d.hall_id AND e.day = d.day AND e.seq = d.seq
LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE w.admission <> 'standby') AS waiting,
        count(*) FILTER (WHERE w.admission = 'standby') AS standby,
        min(w.issued_at) FILTER (WHERE w.admission <> 'standby') AS longest_since_at
    FROM tickets AS w
    WHERE w.hall_id = a.hall_id AND w.day = a.day AND w.state = 'waiting'
) AS t ON a.wanted;

-- name: screen_seen
-- Note that a screen shows what is true.
-- $1 text hall, $2 uuid device, $3 text zone, $4 timestamptz now.
-- No rows.
INSERT INTO screens AS s (hall_id, device, zone, seen_at)
VALUES ($1, $2, $3, $4)
ON CONFLICT (hall_id, device) DO UPDATE
SET zone = excluded.zone, seen_at = greatest(s.seen_at, excluded.seen_at);

-- name: screens
-- The screens of all halls, but for those whose key was taken back.
-- One row per screen, or none.
SELECT s.hall_id, s.device, d.name, s.zone, s.seen_at
FROM screens AS s
JOIN devices AS d ON d.hall_id = s.hall_id AND d.id = s.device
WHERE d.revoked_at IS NULL
ORDER BY s.hall_id, d.name, s.device;

-- name: forget_screens
-- Remove the screens whose key was taken back.
-- No rows.
DELETE FROM screens AS s
USING devices AS d
WHERE d.hall_id = s.hall_id AND d.id = s.device AND d.revoked_at IS NOT NULL;
