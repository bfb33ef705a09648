-- name: list
-- The tickets of a day as they are now, in the order of issue.
-- $1 text hall, $2 date day, $3 integer after which n, $4 integer how many at most; $5 text state, $6 text service: NULL
-- for all.
-- One row per ticket.
SELECT id, n, code, number, day, service, stage, class AS class_, channel, state, admission, count, counter, last_counter, calls,
    queue_at, issued_at, called_at, started_at, finished_at, outcome, missing, due_on, left_reason, prechecked
FROM tickets
WHERE hall_id = $1 AND day = $2 AND n > $3 AND ($5::text IS NULL OR state = $5) AND ($6::text IS NULL OR service = $6)
ORDER BY n
LIMIT $4;

-- name: seq
-- How many events a day has.
-- $1 text hall, $2 date day.
-- One row; none when the day has not begun.
SELECT seq
FROM hall_days
WHERE hall_id = $1 AND day = $2;

-- name: search
-- The tickets of some days by all that is said of them. A phone is found by its last digits, however it is written and
-- with or without the country's; a name by any part of it, in either case.
-- $1 text hall, $2 date the first day, $3 date the last, $4 integer how many at most; $5 text code, $6 text number,
-- $7 text digits of the phone, $8 text part of the name: NULL for all.
-- One row per ticket, the newest first.
SELECT t.id, t.n, t.code, t.number, t.day, t.service, t.stage, t.class AS class_, t.channel, t.state, t.admission, t.count,
    t.counter, t.last_counter, t.calls, t.queue_at, t.issued_at, t.called_at, t.started_at, t.finished_at, t.outcome,
    t.missing, t.due_on, t.left_reason, t.prechecked
FROM tickets AS t
LEFT JOIN applicants AS a ON a.hall_id = t.hall_id AND a.id = t.applicant_id
LEFT JOIN LATERAL (SELECT regexp_replace(a.phone, '[^0-9]', '', 'g') AS digits) AS p ON TRUE
WHERE t.hall_id = $1 AND t.day BETWEEN $2 AND $3
    AND ($5::text IS NULL OR t.code = $5)
    AND ($6::text IS NULL OR t.number = $6)
    AND ($7::text IS NULL OR p.digits = $7
        OR (least(length(p.digits), length($7)) >= 7
            AND right(p.digits, least(length(p.digits), length($7))) = right($7, least(length(p.digits), length($7)))))
    AND ($8::text IS NULL OR position(lower($8) IN lower(a.name)) > 0)
ORDER BY t.day DESC, t.n DESC
LIMIT $4;
