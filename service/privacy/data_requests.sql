-- name: people
-- The applicants of a hall who may be somebody: by the last digits of a phone, however it is written, or by an address.
-- $1 text hall, $2 text the last seven digits of the phone: NULL for none, $3 text address: NULL for none.
-- One row per applicant, or none.
SELECT id, name, phone, email, locale, created_at
FROM applicants
WHERE hall_id = $1
    AND ($2::text IS NOT NULL AND right(regexp_replace(phone, '[^0-9]', '', 'g'), 7) = $2
        OR $3::text IS NOT NULL AND lower(email) = lower($3))
ORDER BY created_at, id;

-- name: appointments
-- The appointments of somebody.
-- $1 text hall, $2 uuid[] applicants, $3 text[] keyed hashes of the person.
-- One row per appointment, or none.
SELECT id, day, code, service, starts_at, ends_at, state, count, channel, prechecked, applicant_id, ticket_id, made_at
FROM appointments
WHERE hall_id = $1 AND (applicant_id = ANY($2::uuid[]) OR person = ANY($3::text[]))
ORDER BY made_at, id;

-- name: tickets
-- The tickets of somebody.
-- $1 text hall, $2 uuid[] applicants, $3 uuid[] tickets of the person's appointments.
-- One row per ticket, or none.
SELECT id, day, code, number, service, class, channel, state, count, prechecked, issued_at, called_at, started_at,
    finished_at, outcome, missing, due_on, left_reason
FROM tickets
WHERE hall_id = $1 AND (applicant_id = ANY($2::uuid[]) OR id = ANY($3::uuid[]))
ORDER BY issued_at, id;

-- name: invitations
-- The invitations of somebody.
-- $1 text hall, $2 uuid[] applicants, $3 text[] keyed hashes of the person.
-- One row per invitation, or none.
SELECT id, code, partner, service, prechecked, applicant_id, made_at, revoked_at, used_by
FROM invitations
WHERE hall_id = $1 AND (applicant_id = ANY($2::uuid[]) OR person = ANY($3::text[]))
ORDER BY made_at, id;

-- name: messages
-- The messages for somebody.
-- $1 text hall, $2 uuid[] applicants.
-- One row per message, or none.
SELECT kind, channel, state, made_at
FROM outbox
WHERE hall_id = $1 AND applicant_id = ANY($2::uuid[])
ORDER BY made_at, id;

-- name: forget_invitations
-- Forget whom invitations are for.
-- $1 text hall, $2 uuid[] invitations.
-- No rows.
UPDATE invitations
SET person = NULL, applicant_id = NULL
WHERE hall_id = $1 AND id = ANY($2::uuid[]);

-- name: withdraw_messages
-- Take back what was to be sent to somebody.
-- $1 text hall, $2 uuid[] applicants, $3 timestamptz now.
-- One row per message.
UPDATE outbox
SET state = 'withdrawn', reason = 'erased', changed_at = $3
WHERE hall_id = $1 AND applicant_id = ANY($2::uuid[]) AND state = 'waiting'
RETURNING id;

-- name: erase
-- Erase applicants.
-- $1 text hall, $2 uuid[] applicants.
-- One row per applicant that was there.
DELETE FROM applicants
WHERE hall_id = $1 AND id = ANY($2::uuid[])
RETURNING id;

-- name: erase_old
-- Erase applicants whose last visit, or the day until which they may come back, is long ago, and forget whom their
-- invitations are for. Whom an invitation waits for that nobody has used is kept for longer. Who was written down anew, as
-- somebody else or with another phone, and whom nothing is about any more, goes a day after that row was made.
-- $1 text hall, $2 timestamptz the instant before which they were written down, $3 date the first day of visits that are
-- not long ago, $4 timestamptz the instant from which on invitations wait, $5 integer how many at most, $6 timestamptz
-- the instant before which something has to be about whoever was written down.
-- One row per applicant.
WITH old AS MATERIALIZED (
    SELECT a.id
    FROM applicants AS a
    WHERE a.hall_id = $1 AND a.created_at < $6
        AND NOT EXISTS (
            SELECT FROM tickets AS t
            WHERE t.hall_id = a.hall_id AND t.applicant_id = a.id
                AND (a.created_at >= $2 OR greatest(t.day, t.due_on) >= $3)
        )
        AND NOT EXISTS (
            SELECT FROM appointments AS p
            WHERE p.hall_id = a.hall_id AND p.applicant_id = a.id AND (a.created_at >= $2 OR p.day >= $3)
        )
        AND NOT EXISTS (
            SELECT FROM invitations AS i
            WHERE i.hall_id = a.hall_id AND i.applicant_id = a.id
                AND (a.created_at >= $2 OR (i.used_by IS NULL AND i.made_at >= $4))
        )
    ORDER BY a.created_at
    LIMIT $5
), forgotten AS (
    UPDATE invitations AS i
    SET person = NULL, applicant_id = NULL
    FROM old
    WHERE i.hall_id = $1 AND i.applicant_id = old.id
)
DELETE FROM applicants AS a
USING old
WHERE a.hall_id = $1 AND a.id = old.id
RETURNING a.id;
