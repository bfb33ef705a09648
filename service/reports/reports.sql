-- name: days
-- List the begun days of a hall with stored figures.
-- $1 text hall, $2 date first day, $3 date last day.
-- One row per day, in order; figures is NULL if none are stored.
SELECT d.day, d.seq, e.kind = 'day_ended' AS ended, f.figures
FROM hall_days AS d
JOIN events AS e ON e.hall_id = d.hall_id AND e.day = d.day AND e.seq = d.seq
LEFT JOIN day_figures AS f ON f.hall_id = d.hall_id AND f.day = d.day AND f.seq = d.seq
WHERE d.hall_id = $1 AND d.day BETWEEN $2 AND $3 AND d.begun_at IS NOT NULL
ORDER BY d.day;

-- name: without_figures
-- List ended days of all halls whose figures are not stored yet, latest first.
-- $1 date first day, $2 integer limit.
-- One row per day.
SELECT d.hall_id, d.day
FROM hall_days AS d
JOIN events AS e ON e.hall_id = d.hall_id AND e.day = d.day AND e.seq = d.seq
WHERE d.day >= $1 AND d.begun_at IS NOT NULL AND e.kind = 'day_ended' AND NOT EXISTS (
    SELECT FROM day_figures AS f WHERE f.hall_id = d.hall_id AND f.day = d.day AND f.seq = d.seq
)
ORDER BY d.day DESC, d.hall_id
LIMIT $2;

-- name: sent_online
-- Read the counts of requests that were referred to an online service.
-- $1 text hall, $2 date first day, $3 date last day.
-- One row per day and service.
SELECT day, service, requests
FROM sent_online
WHERE hall_id = $1 AND day BETWEEN $2 AND $3
ORDER BY day, service;

-- name: count_online
-- Add to the counts of requests that were referred to an online service.
-- $1 text[] halls, $2 date[] day of each, $3 text[] service of each, $4 integer[] number of requests of each.
-- No rows.
INSERT INTO sent_online AS o (hall_id, day, service, requests)
SELECT a.hall_id, a.day, a.service, a.requests
FROM unnest($1::text[], $2::date[], $3::text[], $4::integer[]) AS a (hall_id, day, service, requests)
ORDER BY a.hall_id, a.day, a.service -- the same order in all processes prevents deadlocks
ON CONFLICT (hall_id, day, service) DO UPDATE
SET requests = o.requests + excluded.requests;

-- name: positions
-- Read the positions of the present days of halls, and count waiting tickets where wanted.
-- $1 text[] halls, $2 date[] day of each, $3 boolean[] whether to count its tickets.
-- One row per begun day; counts are NULL if not wanted.
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

-- name: record_screen
-- Record a report of a screen.
-- $1 text hall, $2 uuid device, $3 text zone or NULL, $4 timestamptz now.
-- No rows.
INSERT INTO screens AS s (hall_id, device, zone, seen_at)
VALUES ($1, $2, $3, $4)
ON CONFLICT (hall_id, device) DO UPDATE
SET zone = excluded.zone, seen_at = greatest(s.seen_at, excluded.seen_at);

-- name: screens
-- List the screens of all halls whose key is not revoked, by hall and name.
-- One row per screen.
SELECT s.hall_id, s.device, d.name, s.zone, s.seen_at
FROM screens AS s
JOIN devices AS d ON d.hall_id = s.hall_id AND d.id = s.device
WHERE d.revoked_at IS NULL
ORDER BY s.hall_id, d.name, s.device;

-- name: delete_revoked_screens
-- Delete the screens whose key was revoked.
-- No rows.
DELETE FROM screens AS s
USING devices AS d
WHERE d.hall_id = s.hall_id AND d.id = s.device AND d.revoked_at IS NOT NULL;
