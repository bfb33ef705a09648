-- name: people
-- Find applicants of a hall by the last digits of a phone number, in any notation, or by a mail address.
-- $1 text hall, $2 text last seven digits of the phone number: NULL for none, $3 text mail address: NULL for none.
-- One row per applicant; the caller compares the whole number.
SELECT id, name, phone, email, locale, created_at
FROM applicants
WHERE hall_id = $1
    AND ($2::text IS NOT NULL AND right(regexp_replace(phone, '[^0-9]', '', 'g'), 7) = $2
        OR $3::text IS NOT NULL AND lower(email) = lower($3))
ORDER BY created_at, id;

-- name: appointments
-- List the appointments of a person.
-- $1 text hall, $2 uuid[] applicants, $3 text[] keyed hashes of the person.
-- One row per appointment.
SELECT id, day, code, service, starts_at, ends_at, state, count, channel, prechecked, applicant_id, ticket_id, made_at
FROM appointments
WHERE hall_id = $1 AND (applicant_id = ANY($2::uuid[]) OR person = ANY($3::text[]))
ORDER BY made_at, id;

-- name: tickets
-- List the tickets of a person.
-- $1 text hall, $2 uuid[] applicants, $3 uuid[] tickets of the person's appointments.
-- One row per ticket.
SELECT id, day, code, number, service, class, channel, state, count, prechecked, issued_at, called_at, started_at,
    finished_at, outcome, missing, due_on, left_reason
FROM tickets
WHERE hall_id = $1 AND (applicant_id = ANY($2::uuid[]) OR id = ANY($3::uuid[]))
ORDER BY issued_at, id;

-- name: invitations
-- List the invitations of a person.
-- $1 text hall, $2 uuid[] applicants, $3 text[] keyed hashes of the person.
-- One row per invitation.
SELECT id, code, partner, service, prechecked, applicant_id, made_at, revoked_at, used_by
FROM invitations
WHERE hall_id = $1 AND (applicant_id = ANY($2::uuid[]) OR person = ANY($3::text[]))
ORDER BY made_at, id;

-- name: messages
-- List the messages to a person.
-- $1 text hall, $2 uuid[] applicants.
-- One row per message.
SELECT kind, channel, state, made_at
FROM outbox
WHERE hall_id = $1 AND applicant_id = ANY($2::uuid[])
ORDER BY made_at, id;

-- name: anonymize_invitations
-- Remove the person from invitations.
-- $1 text hall, $2 uuid[] invitations.
-- No rows.
UPDATE invitations
SET person = NULL, applicant_id = NULL
WHERE hall_id = $1 AND id = ANY($2::uuid[]);

-- name: withdraw_messages
-- Withdraw the waiting messages to a person.
-- $1 text hall, $2 uuid[] applicants, $3 timestamptz now.
-- One row per message.
UPDATE outbox
SET state = 'withdrawn', reason = 'erased', changed_at = $3
WHERE hall_id = $1 AND applicant_id = ANY($2::uuid[]) AND state = 'waiting'
RETURNING id;

-- name: erase
-- Erase applicants.
-- $1 text hall, $2 uuid[] applicants.
-- One row per deleted applicant.
DELETE FROM applicants
WHERE hall_id = $1 AND id = ANY($2::uuid[])
RETURNING id;

-- name: erase_old
-- Erase applicants whose retention time is over, and remove them from their invitations. The time counts from the last
-- visit or the day until which the person may come back. Applicants of unused invitations are kept longer. A row to which
-- nothing refers, because the person's name or phone was changed in a new row, is erased earlier.
-- $1 text hall, $2 timestamptz rows created before it may be erased, $3 date first day of visits within the retention
-- time, $4 timestamptz unused invitations made before it may be erased, $5 integer limit, $6 timestamptz rows without
-- references created before it are erased.
-- One row per erased applicant.
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
), anonymized AS (
    UPDATE invitations AS i
    SET person = NULL, applicant_id = NULL
    FROM old
    WHERE i.hall_id = $1 AND i.applicant_id = old.id
)
DELETE FROM applicants AS a
USING old
WHERE a.hall_id = $1 AND a.id = old.id
RETURNING a.id;
