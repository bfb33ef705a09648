-- name: list
-- Return tickets of a day.
-- $1 text hall, $2 date day, $3 integer only tickets after this n, $4 integer limit, $5 text state or NULL for all,
-- $6 text service or NULL for all.
-- One row per ticket, in the order of issue, at most the limit.
SELECT id, n, code, number, day, service, stage, class AS class_, channel, state, admission, count, counter, last_counter, calls,
    queue_at, issued_at, called_at, started_at, finished_at, outcome, missing, due_on, left_reason, prechecked
FROM tickets
WHERE hall_id = $1 AND day = $2 AND n > $3 AND ($5::text IS NULL OR state = $5) AND ($6::text IS NULL OR service = $6)
ORDER BY n
LIMIT $4;

-- name: seq
-- Return the number of events of a day.
-- $1 text hall, $2 date day.
-- One row; none if the day is not opened.
SELECT seq
FROM hall_days
WHERE hall_id = $1 AND day = $2;

-- name: search
-- Find tickets of several days; all given criteria must match. A phone matches by its last digits, at least 7, with or
-- without the country code; a name matches by any part, ignoring case.
-- $1 text hall, $2 date the first day, $3 date the last day, $4 integer limit; the next four are NULL if not given:
-- $5 text code, $6 text number, $7 text[] digits of the phone as entered and as stored, $8 text part of the name;
-- $9 date and $10 integer day and n of the ticket after which the result starts.
-- One row per ticket, newest first, at most the limit.
SELECT t.id, t.n, t.code, t.number, t.day, t.service, t.stage, t.class AS class_, t.channel, t.state, t.admission, t.count,
    t.counter, t.last_counter, t.calls, t.queue_at, t.issued_at, t.called_at, t.started_at, t.finished_at, t.outcome,
    t.missing, t.due_on, t.left_reason, t.prechecked
FROM tickets AS t
LEFT JOIN applicants AS a ON a.hall_id = t.hall_id AND a.id = t.applicant_id
LEFT JOIN LATERAL (SELECT regexp_replace(a.phone, '[^0-9]', '', 'g') AS digits) AS p ON TRUE
WHERE t.hall_id = $1 AND t.day BETWEEN $2 AND $3
    AND ($5::text IS NULL OR t.code = $5)
    AND ($6::text IS NULL OR t.number = $6)
    AND ($7::text[] IS NULL OR EXISTS (
        SELECT FROM unnest($7::text[]) AS s (digits)
        CROSS JOIN LATERAL (SELECT least(length(p.digits), length(s.digits)) AS many) AS l
        WHERE p.digits = s.digits OR (l.many >= 7 AND right(p.digits, l.many) = right(s.digits, l.many))
    ))
    AND ($8::text IS NULL OR position(lower($8) IN lower(a.name)) > 0)
    AND (t.day, t.n) < ($9::date, $10::integer)
ORDER BY t.day DESC, t.n DESC
LIMIT $4;

-- name: appointments
-- Return appointments of a day.
-- $1 text hall, $2 date day, $3 integer only appointments after this n, $4 integer limit.
-- One row per appointment, in the order of booking, at most the limit.
SELECT id, n, code, day, service, starts_at, ends_at, state, count, channel, expires_at, prechecked, partner,
    ticket_id AS ticket, applicant_id AS applicant, made_at, sequence, seq
FROM appointments
WHERE hall_id = $1 AND day = $2 AND n > $3
ORDER BY n
LIMIT $4;

-- name: search_appointments
-- Find appointments of several days; the criteria match as in `search`.
-- $1 text hall, $2 date the first day, $3 date the last day, $4 integer limit; the next three are NULL if not given:
-- $5 text code, $6 text[] digits of the phone as entered and as stored, $7 text part of the name;
-- $8 timestamptz and $9 integer start and n of the appointment after which the result starts.
-- One row per appointment, latest start first, at most the limit.
SELECT b.id, b.n, b.code, b.day, b.service, b.starts_at, b.ends_at, b.state, b.count, b.channel, b.expires_at,
    b.prechecked, b.partner, b.ticket_id AS ticket, b.applicant_id AS applicant, b.made_at, b.sequence, b.seq
FROM appointments AS b
LEFT JOIN applicants AS a ON a.hall_id = b.hall_id AND a.id = b.applicant_id
LEFT JOIN LATERAL (SELECT regexp_replace(a.phone, '[^0-9]', '', 'g') AS digits) AS p ON TRUE
WHERE b.hall_id = $1 AND b.day BETWEEN $2 AND $3
    AND ($5::text IS NULL OR b.code = $5)
    AND ($6::text[] IS NULL OR EXISTS (
        SELECT FROM unnest($6::text[]) AS s (digits)
        CROSS JOIN LATERAL (SELECT least(length(p.digits), length(s.digits)) AS many) AS l
        WHERE p.digits = s.digits OR (l.many >= 7 AND right(p.digits, l.many) = right(s.digits, l.many))
    ))
    AND ($7::text IS NULL OR position(lower($7) IN lower(a.name)) > 0)
    AND (b.starts_at, b.n) < ($8::timestamptz, $9::integer)
ORDER BY b.starts_at DESC, b.n DESC
LIMIT $4;

-- name: applicant
-- Return the personal data of an applicant.
-- $1 text hall, $2 uuid applicant.
-- One row; none if it was erased.
SELECT name, phone, email, locale
FROM applicants
WHERE hall_id = $1 AND id = $2;

-- name: code
-- Find the appointment, invitation or ticket with a code.
-- $1 text hall, $2 text code.
-- One row per match, normally one or none: kind, id, day, state. An invitation has no day; its state is revoked, used or
-- new.
SELECT 'appointment' AS kind, id, day, state
FROM appointments
WHERE hall_id = $1 AND code = $2
UNION ALL
SELECT 'invitation', id, NULL,
    CASE WHEN revoked_at IS NOT NULL THEN 'revoked' WHEN used_by IS NOT NULL THEN 'used' ELSE 'new' END
FROM invitations
WHERE hall_id = $1 AND code = $2
UNION ALL
SELECT 'ticket', id, day, state
FROM tickets
WHERE hall_id = $1 AND code = $2;

-- name: returned_at
-- Return when the right to return of a ticket was used.
-- $1 text hall, $2 uuid ticket.
-- One row, or none.
SELECT issued_at
FROM tickets
WHERE hall_id = $1 AND returns_of = $2;

-- name: invitation
-- Return an invitation.
-- $1 text hall, $2 uuid invitation.
-- One row, or none.
SELECT id, partner, service, prechecked, releases_at, person, applicant_id AS applicant, revoked_at, used_by
FROM invitations
WHERE hall_id = $1 AND id = $2;

-- name: persons_to_come
-- Return the stored hash of each upcoming appointment of a person. Uses the index on the ordinals.
-- $1 text hall, $2 text[] keyed hashes of the person.
-- One row per appointment.
SELECT person
FROM appointments
WHERE hall_id = $1 AND person = ANY ($2::text[]) AND nth IS NOT NULL
ORDER BY person, nth;
