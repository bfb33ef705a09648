-- name: changed_days
-- List days of halls that have events after their message cursor.
-- $1 text[] halls, $2 date first day.
-- One row per day, by hall and day.
SELECT d.hall_id, d.day
FROM unnest($1::text[]) AS h (hall_id)
JOIN hall_days AS d ON d.hall_id = h.hall_id AND d.day >= $2
LEFT JOIN outbox_cursors AS c ON c.hall_id = d.hall_id AND c.day = d.day
WHERE d.seq > coalesce(c.seq, 0)
ORDER BY d.hall_id, d.day;

-- name: begin_cursor
-- Create the message cursor of a day at seq 0, if it does not exist.
-- $1 text hall, $2 date day.
-- No rows.
INSERT INTO outbox_cursors (hall_id, day, seq)
VALUES ($1, $2, 0)
ON CONFLICT (hall_id, day) DO NOTHING;

-- name: lock_cursor
-- Lock a day's cursor until the transaction ends.
-- $1 text hall, $2 date day.
-- One row with the last seq read; none if another transaction has locked it.
SELECT seq
FROM outbox_cursors
WHERE hall_id = $1 AND day = $2
FOR UPDATE SKIP LOCKED;

-- name: updates
-- Read the appointments of a day that have events after a seq, each with its current state. One statement, so that
-- events and appointments come from the same snapshot.
-- $1 text hall, $2 date day, $3 integer last seq read.
-- One row per appointment, by seq, with the day's seq; one row with NULL as appointment if there is none. state is NULL
-- if the appointment was moved to another day.
WITH touched AS (
    SELECT (e.body ->> 'appointment')::uuid AS id, max(e.seq) AS seq, min(e.at) AS first_at, max(e.at) AS last_at,
        array_agg(e.kind) AS kinds, max(e.body ->> 'by') AS by, max(e.body ->> 'closed') AS closed
    FROM events AS e
    WHERE e.hall_id = $1 AND e.day = $2 AND e.seq > $3 AND e.kind IN ('appointment_made', 'appointment_confirmed',
        'appointment_changed', 'appointment_cancelled', 'appointment_expired', 'appointment_missed',
        'appointment_moved_away', 'appointment_checked_in')
    GROUP BY 1
)
SELECT d.seq AS day_seq, t.id AS appointment, t.seq, t.first_at, t.last_at, t.kinds, t.by, t.closed, a.state, a.applicant_id,
    a.code, a.service, a.starts_at, a.ends_at, a.count, a.sequence, a.made_at, a.expires_at
FROM hall_days AS d
LEFT JOIN touched AS t ON TRUE
LEFT JOIN appointments AS a ON a.hall_id = d.hall_id AND a.id = t.id AND a.day = d.day
WHERE d.hall_id = $1 AND d.day = $2
ORDER BY t.seq;

-- name: withdraw
-- Withdraw waiting messages of appointments that are older than the current update.
-- $1 text hall, $2 date day, $3 uuid[] appointments, $4 integer[] current seq of each, $5 timestamptz now.
-- No rows.
UPDATE outbox AS o
SET state = 'withdrawn', reason = 'superseded', changed_at = $5
FROM unnest($3::uuid[], $4::integer[]) AS t (id, seq)
WHERE o.hall_id = $1 AND o.day = $2 AND o.subject = t.id AND o.seq < t.seq AND o.state = 'waiting';

-- name: insert
-- Insert messages into the outbox, each once, if the applicant has the contact that the channel needs.
-- $1 text hall, $2 date day, $3 json array of messages, $4 timestamptz now.
-- One row per inserted message.
INSERT INTO outbox (hall_id, id, day, subject, seq, kind, channel, applicant_id, facts, state, made_at, due_at, next_at,
    expires_at, changed_at, tries)
SELECT p.hall_id, m.id, $2::date, m.subject, m.seq, m.kind, m.channel, p.id, m.facts, 'waiting', $4::timestamptz,
    m.due_at, m.due_at, m.expires_at, $4::timestamptz, 0
FROM json_to_recordset($3::json) AS m (
    id uuid, subject uuid, seq integer, kind text, channel text, applicant uuid, facts json, due_at timestamptz,
    expires_at timestamptz
)
JOIN applicants AS p ON p.hall_id = $1::text AND p.id = m.applicant
WHERE CASE m.channel WHEN 'mail' THEN p.email WHEN 'webhook' THEN p.phone END IS NOT NULL
ON CONFLICT (hall_id, day, subject, seq, kind, channel) DO NOTHING
RETURNING id;

-- name: move_cursor
-- Record how far a day was read; the transaction has locked its cursor.
-- $1 text hall, $2 date day, $3 integer seq.
-- No rows.
UPDATE outbox_cursors
SET seq = $3
WHERE hall_id = $1 AND day = $2;

-- name: halls_due
-- List halls with messages due on a channel.
-- $1 timestamptz now, $2 text channel.
-- One row per hall, by id.
SELECT DISTINCT hall_id
FROM outbox
WHERE state = 'waiting' AND next_at <= $1 AND expires_at > $1 AND (leased_until IS NULL OR leased_until <= $1)
    AND channel = $2
ORDER BY hall_id;

-- name: claim
-- Claim due messages of a hall on a channel, the longest due first. Skips rows locked by other claims, and messages
-- while another message with the same subject is being delivered: the older one could arrive last.
-- $1 text hall, $2 uuid claim, $3 timestamptz end of the lease, $4 timestamptz now, $5 text channel, $6 integer limit.
-- One row per message.
WITH due AS MATERIALIZED ( -- a plain subquery might run again for every row and claim more than the limit
    SELECT w.id
    FROM outbox AS w
    WHERE w.hall_id = $1 AND w.state = 'waiting' AND w.next_at <= $4
        AND (w.leased_until IS NULL OR w.leased_until <= $4) AND w.expires_at > $4 AND w.channel = $5
        AND NOT EXISTS (
            SELECT
            FROM outbox AS s
            WHERE s.hall_id = w.hall_id AND s.day = w.day AND s.subject = w.subject AND s.channel = w.channel
                AND s.state = 'sending'
        )
    ORDER BY w.next_at, w.id
    LIMIT $6
    FOR UPDATE OF w SKIP LOCKED
)
UPDATE outbox AS o
SET claim = $2, leased_until = $3
FROM due
WHERE o.hall_id = $1 AND o.id = due.id
RETURNING o.id, o.day, o.subject, o.kind, o.facts, o.tries;

-- name: recipient
-- Read the recipient of a message, the state of its appointment or ticket, and whether another message on the same
-- channel has announced that the hall is closed at the time of the appointment.
-- $1 text hall, $2 uuid message.
-- One row, or none if the message was deleted; found is false if the applicant was erased.
SELECT p.id IS NOT NULL AS found, p.name, p.phone, p.email, p.locale, a.state AS appointment_state, a.sequence,
    t.state AS ticket_state, EXISTS (
        SELECT
        FROM outbox AS k
        WHERE k.hall_id = o.hall_id AND k.day = o.day AND k.subject = o.subject AND k.channel = o.channel
            AND k.kind IN ('day_before', 'hour_before') AND k.id <> o.id AND k.state IN ('sending', 'sent', 'dead')
            AND k.facts ->> 'closed' = 'true'
            AND coalesce(k.facts ->> 'sequence', '0') = coalesce(o.facts ->> 'sequence', '0')
    ) AS closure_announced
FROM outbox AS o
LEFT JOIN applicants AS p ON p.hall_id = o.hall_id AND p.id = o.applicant_id
LEFT JOIN appointments AS a ON a.hall_id = o.hall_id AND a.id = o.subject
LEFT JOIN tickets AS t ON t.hall_id = o.hall_id AND t.id = o.subject
WHERE o.hall_id = $1 AND o.id = $2;

-- name: day_opening
-- Read the last event of each sort that determines when the hall is open on a day.
-- $1 text hall, $2 date day.
-- At most one row per sort of event, by seq, in the columns of the journal.
SELECT seq, at, actor, command_id, part, fingerprint, kind, body
FROM (
    SELECT DISTINCT ON (sort) seq, at, actor, command_id, part, fingerprint, kind, body
    FROM events
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN kind IN ('day_opened', 'plan_changed') THEN 'plan'
            WHEN kind IN ('overtime_opened', 'overtime_ended') THEN 'overtime'
            WHEN kind IN ('suspension_began', 'suspension_ended') THEN 'suspension'
            WHEN kind = 'day_closed' THEN 'closed'
        END AS sort
    ) AS sorted
    WHERE hall_id = $1 AND day = $2 AND sort IS NOT NULL
    ORDER BY sort, seq DESC
) AS last
ORDER BY seq;

-- name: postpone
-- Postpone a claimed message and release its claim.
-- $1 text hall, $2 uuid message, $3 uuid claim, $4 timestamptz due, $5 timestamptz earliest expiry, $6 timestamptz now.
-- No rows.
UPDATE outbox
SET due_at = $4, next_at = $4, expires_at = greatest(expires_at, $5), leased_until = NULL, changed_at = $6
WHERE hall_id = $1 AND id = $2 AND claim = $3 AND state = 'waiting';

-- name: begin_delivery
-- Begin the delivery of a message, if it still waits and the claim is valid.
-- $1 text hall, $2 uuid message, $3 uuid claim, $4 timestamptz end of the lease, $5 json facts, $6 timestamptz now.
-- One row with the number of tries including this one; else none.
UPDATE outbox
SET state = 'sending', tries = tries + 1, leased_until = $4, facts = $5, changed_at = $6
WHERE hall_id = $1 AND id = $2 AND claim = $3 AND state = 'waiting'
RETURNING tries;

-- name: record_result
-- Record the result of a delivery, also if it was meanwhile recorded as unknown. A next try after the expiry is moved to
-- the expiry, when the statement `withdraw_expired` withdraws the message.
-- $1 text hall, $2 uuid message, $3 uuid claim, $4 text state, $5 text reason or NULL, $6 timestamptz next try or NULL,
-- $7 timestamptz now.
-- One row if the claim was valid, else none.
UPDATE outbox
SET state = $4, reason = $5, next_at = least(coalesce($6, next_at), expires_at), leased_until = NULL, changed_at = $7
WHERE hall_id = $1 AND id = $2 AND claim = $3 AND (state = 'sending' OR state = 'dead' AND reason = 'unknown')
RETURNING id;

-- name: withdraw_claimed
-- Withdraw a claimed message whose delivery has not begun.
-- $1 text hall, $2 uuid message, $3 uuid claim, $4 text reason, $5 timestamptz now.
-- No rows.
UPDATE outbox
SET state = 'withdrawn', reason = $4, leased_until = NULL, changed_at = $5
WHERE hall_id = $1 AND id = $2 AND claim = $3 AND state = 'waiting';

-- name: delete_claimed
-- Delete a claimed message that has no recipient any more.
-- $1 text hall, $2 uuid message, $3 uuid claim.
-- No rows.
DELETE FROM outbox
WHERE hall_id = $1 AND id = $2 AND claim = $3 AND state = 'waiting';

-- name: withdraw_expired
-- Withdraw expired messages.
-- $1 timestamptz now.
-- One row per message: kind, channel.
UPDATE outbox
SET state = 'withdrawn', reason = 'late', changed_at = $1
WHERE state = 'waiting' AND next_at <= $1 AND expires_at <= $1 AND (leased_until IS NULL OR leased_until <= $1)
RETURNING kind, channel;

-- name: recover_abandoned
-- Recover deliveries whose lease has ended, because their sender died: their outcome is unknown. A webhook is sent
-- again, because its receiver recognises duplicates; a mail becomes dead.
-- $1 timestamptz now, $2 integer maximum number of tries.
-- One row per message: kind, channel, state.
UPDATE outbox
SET state = CASE WHEN channel = 'webhook' AND tries < $2 THEN 'waiting' ELSE 'dead' END,
    reason = 'unknown', next_at = $1, leased_until = NULL, changed_at = $1
WHERE state = 'sending' AND leased_until <= $1
RETURNING kind, channel, state;

-- name: count_overdue
-- Count messages of a channel that are due and not sent, by age class.
-- $1 timestamptz now, $2 text channel.
-- One row per age class that has messages.
SELECT age, count(*) AS messages
FROM (
    SELECT CASE
        WHEN due_at > $1::timestamptz - interval '1 minute' THEN 'minute'
        WHEN due_at > $1 - interval '10 minutes' THEN 'ten_minutes'
        WHEN due_at > $1 - interval '1 hour' THEN 'hour'
        ELSE 'longer'
    END AS age
    FROM outbox
    WHERE state IN ('waiting', 'sending') AND channel = $2 AND due_at <= $1
) AS due
GROUP BY age;

-- name: list
-- List the messages of a hall in one state, oldest first.
-- $1 text hall, $2 text state, $3 uuid last message of the page before, $4 integer limit.
-- One row per message.
SELECT id, day, subject, kind, channel, facts, state, reason, due_at, changed_at, tries
FROM outbox
WHERE hall_id = $1 AND state = $2 AND id > $3
ORDER BY id
LIMIT $4;

-- name: get
-- Read a message of a hall and lock its row until the transaction ends.
-- $1 text hall, $2 uuid message.
-- One row, or none.
SELECT id, day, subject, kind, channel, facts, state, reason, due_at, changed_at, tries
FROM outbox
WHERE hall_id = $1 AND id = $2
FOR UPDATE;

-- name: retry
-- Set a dead message to waiting again, with zero tries.
-- $1 text hall, $2 uuid message, $3 timestamptz now.
-- One row, or none if the message is not dead.
UPDATE outbox
SET state = 'waiting', reason = NULL, next_at = $3, changed_at = $3, tries = 0, claim = NULL
WHERE hall_id = $1 AND id = $2 AND state = 'dead'
RETURNING id, day, subject, kind, channel, facts, state, reason, due_at, changed_at, tries;

-- name: sweep
-- Delete finished messages.
-- $1 timestamptz: messages that changed last before it.
-- No rows.
DELETE FROM outbox
WHERE state IN ('sent', 'dead', 'withdrawn') AND changed_at < $1;

-- name: sweep_cursors
-- Delete the cursors of past days.
-- $1 date first day whose cursor is kept.
-- No rows.
DELETE FROM outbox_cursors
WHERE day < $1;
