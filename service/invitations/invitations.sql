-- name: add
-- Store invitations and their people.
-- $1 text hall, $2 text partner, $3 uuid batch, $4 timestamptz end of the right to the partner's reserved places,
-- $5 timestamptz now, $6 json array of people: id, code, line, service, prechecked, person, applicant, name, phone,
-- email, locale.
-- One row per stored invitation; an invitation whose code is in use is not stored.
WITH given AS MATERIALIZED (
    SELECT g.id, g.code, g.line, g.service, g.prechecked, g.person, g.applicant, g.name, g.phone, g.email, g.locale
    FROM json_to_recordset($6) AS g (
        id uuid, code text, line integer, service text, prechecked boolean, person text, applicant uuid, name text,
        phone text, email text, locale text
    )
), kept AS (
    INSERT INTO invitations (hall_id, id, code, partner, batch, service, prechecked, releases_at, person, applicant_id,
        made_at, line)
    SELECT $1, g.id, g.code, $2, $3, g.service, g.prechecked, $4, g.person, g.applicant, $5, g.line
    FROM given AS g
    ON CONFLICT ON CONSTRAINT invitation_code_once DO NOTHING
    RETURNING id
), people AS (
    INSERT INTO applicants (hall_id, id, name, phone, email, locale, created_at)
    SELECT $1, g.applicant, g.name, g.phone, g.email, g.locale, $5
    FROM given AS g
    JOIN kept AS k ON k.id = g.id
)
SELECT id
FROM kept;

-- name: batch
-- List the invitations of one import, in the order of its lines.
-- $1 text hall, $2 uuid batch.
-- One row per invitation.
SELECT id, code, line
FROM invitations
WHERE hall_id = $1 AND batch = $2
ORDER BY line;

-- name: list
-- List invitations with their appointments and tickets, oldest first. The name is included for the issuer only.
-- $1 text hall, $2 text partner who asks, or `hall`, $3 text partner to list: NULL for all, $4 uuid batch: NULL for all,
-- $5 uuid last invitation of the page before, $6 integer limit.
-- One row per invitation.
SELECT i.id, i.code, i.batch, i.line, i.partner, i.service, i.prechecked, i.releases_at, i.made_at, i.revoked_at,
    CASE WHEN i.partner = $2 THEN a.name END AS name, b.state AS appointment, b.starts_at, t.state AS ticket
FROM invitations AS i
LEFT JOIN applicants AS a ON a.hall_id = i.hall_id AND a.id = i.applicant_id
LEFT JOIN LATERAL (
    SELECT o.state, o.starts_at, o.ticket_id
    FROM appointments AS o
    WHERE o.hall_id = i.hall_id AND o.invitation_id = i.id AND (i.used_by IS NULL OR o.id = i.used_by)
    ORDER BY o.made_at DESC
    LIMIT 1
) AS b ON TRUE
LEFT JOIN tickets AS t ON t.hall_id = i.hall_id AND t.id = coalesce(b.ticket_id, i.used_by)
WHERE i.hall_id = $1 AND ($3::text IS NULL OR i.partner = $3) AND ($4::uuid IS NULL OR i.batch = $4) AND i.id > $5
ORDER BY i.id
LIMIT $6;

-- name: batches
-- List imports with the number of used and revoked invitations, newest first.
-- $1 text hall, $2 text partner to list: NULL for all, $3 uuid last import of the page before: NULL for the first page,
-- $4 integer limit.
-- One row per import.
SELECT batch, partner, releases_at, min(made_at) AS made_at, count(*) AS invited, count(used_by) AS used,
    count(revoked_at) AS revoked
FROM invitations
WHERE hall_id = $1 AND ($2::text IS NULL OR partner = $2) AND ($3::uuid IS NULL OR batch < $3)
GROUP BY batch, partner, releases_at
ORDER BY batch DESC
LIMIT $4;

-- name: lock
-- Lock an invitation until the transaction ends.
-- $1 text hall, $2 uuid invitation, $3 text its partner: NULL for any.
-- One row, or none.
SELECT used_by, revoked_at
FROM invitations
WHERE hall_id = $1 AND id = $2 AND ($3::text IS NULL OR partner = $3)
FOR UPDATE;

-- name: revoke
-- Revoke an invitation and delete its applicant.
-- $1 text hall, $2 uuid invitation, $3 timestamptz now.
-- No rows.
WITH revoked AS (
    SELECT hall_id, applicant_id
    FROM invitations
    WHERE hall_id = $1 AND id = $2
), changed AS (
    UPDATE invitations
    SET revoked_at = $3, person = NULL, applicant_id = NULL
    WHERE hall_id = $1 AND id = $2
)
DELETE FROM applicants AS a
USING revoked AS r
WHERE a.hall_id = r.hall_id AND a.id = r.applicant_id;
