-- name: record
-- Write an audit entry for each hall.
-- $1 text[] halls, $2 uuid id, $3 timestamptz time, $4 text actor, $5 text kind, $6 json data.
-- No rows.
INSERT INTO audit (hall_id, id, at, actor, kind, data)
SELECT h.id, $2::uuid, $3::timestamptz, $4::text, $5::text, $6::json
FROM unnest($1::text[]) AS h (id);

-- name: sweep
-- Delete old entries.
-- $1 timestamptz: entries before it.
-- No rows.
DELETE FROM audit
WHERE at < $1;

-- name: history
-- Read the events of a hall's day, and its audit entries between two instants, newest first; without `nothing_changed`.
-- $1 text hall, $2 date day of the journal, $3 timestamptz from, $4 timestamptz before, $5 timestamptz and $6 text time
-- and mark of the last row of the page before, $7 integer limit.
-- One row per event or entry; seq is NULL for an audit entry, mark orders rows of the same instant, number is the number
-- of the ticket of an event.
SELECT p.at, p.mark, p.seq, p.actor, p.kind, p.body, t.number
FROM (
    SELECT h.at, h.mark, h.seq, h.actor, h.kind, h.body
    FROM (
        SELECT e.at, 'e' || lpad(e.seq::text, 10, '0') AS mark, e.seq, e.actor, e.kind, e.body
        FROM events AS e
        WHERE e.hall_id = $1 AND e.day = $2 AND e.kind <> 'nothing_changed'
        UNION ALL
        SELECT a.at, 'a' || a.id::text AS mark, NULL AS seq, a.actor, a.kind, a.data AS body
        FROM audit AS a
        WHERE a.hall_id = $1 AND a.at >= $3 AND a.at < $4
    ) AS h
    WHERE (h.at, h.mark COLLATE "C") < ($5, $6)
    ORDER BY h.at DESC, h.mark COLLATE "C" DESC
    LIMIT $7
) AS p
LEFT JOIN tickets AS t
    ON t.hall_id = $1 AND t.id = CASE WHEN p.seq IS NOT NULL THEN (p.body ->> 'ticket')::uuid END
ORDER BY p.at DESC, p.mark COLLATE "C" DESC;
