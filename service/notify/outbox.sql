-- name: moved
-- The days of some halls that have gone on since they were read for messages.
-- $1 text[] halls, $2 date the first day that is looked at.
-- One row per day, by hall and day.
SELECT d.hall_id, d.day
FROM unnest($1::text[]) AS h (hall_id)
JOIN hall_days AS d ON d.hall_id = h.hall_id AND d.day >= $2
LEFT JOIN outbox_cursors AS c ON c.hall_id = d.hall_id AND c.day = d.day
WHERE d.seq > coalesce(c.seq, 0)
ORDER BY d.hall_id, d.day;

-- name: begin_cursor
-- Begin to read a day, unless it was begun.
-- $1 text hall, $2 date day.
-- No rows.
INSERT INTO outbox_cursors (hall_id, day, seq)
VALUES ($1, $2, 0)
ON CONFLICT (hall_id, day) DO NOTHING;

-- name: hold_cursor
-- Hold a day's cursor until the transaction ends.
-- $1 text hall, $2 date day.
-- One row with the last seq read; none while somebody else holds it.
SELECT seq
FROM outbox_cursors
WHERE hall_id = $1 AND day = $2
FOR UPDATE SKIP LOCKED;

-- name: news
-- What has happened to appointments of a day after a seq, each as it is now: one statement, so that events and
-- appointments are of the same moment.
-- $1 text hall, $2 date day, $3 integer the last seq read.
-- One row per appointment, with the day's seq; one without an appointment when there is none. state is null when it
-- goes on on another day.
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
-- Take back what was to be sent of some appointments of a day: something else is true now.
-- $1 text hall, $2 date day, $3 uuid[] appointments, $4 integer[] the seq of what each is like now, $5 timestamptz now.
-- No rows.
UPDATE outbox AS o
SET state = 'withdrawn', reason = 'superseded', changed_at = $5
FROM unnest($3::uuid[], $4::integer[]) AS t (id, seq)
WHERE o.hall_id = $1 AND o.day = $2 AND o.subject = t.id AND o.seq < t.seq AND o.state = 'waiting';

-- name: put
-- Put messages into the outbox, each once, for those who can be reached by its channel.
-- $1 text hall, $2 date day, $3 json array of messages, $4 timestamptz now.
-- One row per message that is new.
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
-- Say how far a day was read; the transaction holds its cursor.
-- $1 text hall, $2 date day, $3 integer seq.
-- No rows.
UPDATE outbox_cursors
SET seq = $3
WHERE hall_id = $1 AND day = $2;

-- name: halls_due
-- The halls that have something to send by a channel.
-- $1 timestamptz now, $2 text channel.
-- One row per hall, by id.
SELECT DISTINCT hall_id
FROM outbox
WHERE state = 'waiting' AND next_at <= $1 AND expires_at > $1 AND (leased_until IS NULL OR leased_until <= $1)
    AND channel = $2
ORDER BY hall_id;

-- name: claim
-- Take the messages of a hall that are due by a channel, the longest due first, those that others are taking at this
-- moment left out, and those of which another about the same is being handed over: it would be read as the newer one.
-- $1 text hall, $2 uuid this claim, $3 timestamptz until when it holds, $4 timestamptz now, $5 text channel, $6 integer
-- how many at most.
-- One row per message.
WITH due AS MATERIALIZED ( -- as a plain subquery it might be run again for every row, and take as many each time
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

-- name: whom
-- Whom a message is for, how things are with what it is about, and whether another by the same channel has said that the
-- hall is closed at the time of the appointment as it is.
-- $1 text hall, $2 uuid message.
-- One row, or none when the message is gone; found is false when the person is.
SELECT p.id IS NOT NULL AS found, p.name, p.phone, p.email, p.locale, a.state AS appointment_state, a.sequence,
    t.state AS ticket_state, EXISTS (
        SELECT
        FROM outbox AS k
        WHERE k.hall_id = o.hall_id AND k.day = o.day AND k.subject = o.subject AND k.channel = o.channel
            AND k.kind IN ('day_before', 'hour_before') AND k.id <> o.id AND k.state IN ('sending', 'sent', 'dead')
            AND k.facts ->> 'closed' = 'true'
            AND coalesce(k.facts ->> 'sequence', '0') = coalesce(o.facts ->> 'sequence', '0')
    ) AS told_closed
FROM outbox AS o
LEFT JOIN applicants AS p ON p.hall_id = o.hall_id AND p.id = o.applicant_id
LEFT JOIN appointments AS a ON a.hall_id = o.hall_id AND a.id = o.subject
LEFT JOIN tickets AS t ON t.hall_id = o.hall_id AND t.id = o.subject
WHERE o.hall_id = $1 AND o.id = $2;

-- name: opening
-- What was said last of when the hall takes people on a day.
-- $1 text hall, $2 date day.
-- One row per sort of event that there is, in their order, as it is read from the journal.
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
    ) AS said
    WHERE hall_id = $1 AND day = $2 AND sort IS NOT NULL
    ORDER BY sort, seq DESC
) AS last
ORDER BY seq;

-- name: put_off
-- Let a message that is ours wait for a while longer: its time has not come yet.
-- $1 text hall, $2 uuid message, $3 uuid claim, $4 timestamptz when it is due, $5 timestamptz until when it is of use at
-- least, $6 timestamptz now.
-- No rows.
UPDATE outbox
SET due_at = $4, next_at = $4, expires_at = greatest(expires_at, $5), leased_until = NULL, changed_at = $6
WHERE hall_id = $1 AND id = $2 AND claim = $3 AND state = 'waiting';

-- name: hand_over
-- Say that a message is being handed over from now on, if it still waits and is ours.
-- $1 text hall, $2 uuid message, $3 uuid claim, $4 timestamptz by when the hand-over is over, $5 json what it says,
-- $6 timestamptz now.
-- One row with its tries, this one among them; else none.
UPDATE outbox
SET state = 'sending', tries = tries + 1, leased_until = $4, facts = $5, changed_at = $6
WHERE hall_id = $1 AND id = $2 AND claim = $3 AND state = 'waiting'
RETURNING tries;

-- name: settle
-- Say what came of a hand-over, also where it was given up meanwhile as of unknown end. What would be tried again when it
-- is of no use any more is looked at once more when its use ends, and is late then.
-- $1 text hall, $2 uuid message, $3 uuid claim, $4 text state, $5 text reason or NULL, $6 timestamptz when it is tried
-- next, or NULL, $7 timestamptz now.
-- One row when it was ours, else none.
UPDATE outbox
SET state = $4, reason = $5, next_at = least(coalesce($6, next_at), expires_at), leased_until = NULL, changed_at = $7
WHERE hall_id = $1 AND id = $2 AND claim = $3 AND (state = 'sending' OR state = 'dead' AND reason = 'unknown')
RETURNING id;

-- name: give_up
-- Withdraw a message that is ours and was not handed over.
-- $1 text hall, $2 uuid message, $3 uuid claim, $4 text reason, $5 timestamptz now.
-- No rows.
UPDATE outbox
SET state = 'withdrawn', reason = $4, leased_until = NULL, changed_at = $5
WHERE hall_id = $1 AND id = $2 AND claim = $3 AND state = 'waiting';

-- name: drop
-- Remove a message that is ours and whose person is gone.
-- $1 text hall, $2 uuid message, $3 uuid claim.
-- No rows.
DELETE FROM outbox
WHERE hall_id = $1 AND id = $2 AND claim = $3 AND state = 'waiting';

-- name: late
-- Withdraw what is of no use any more.
-- $1 timestamptz now.
-- One row per message: kind, channel.
UPDATE outbox
SET state = 'withdrawn', reason = 'late', changed_at = $1
WHERE state = 'waiting' AND next_at <= $1 AND expires_at <= $1 AND (leased_until IS NULL OR leased_until <= $1)
RETURNING kind, channel;

-- name: abandoned
-- Take up the hand-overs whose sender has gone: nobody knows whether they arrived. A receiver of webhooks can tell
-- whether it has one; a mail is not sent again.
-- $1 timestamptz now, $2 integer how often a message is tried.
-- One row per message: kind, channel, state.
UPDATE outbox
SET state = CASE WHEN channel = 'webhook' AND tries < $2 THEN 'waiting' ELSE 'dead' END,
    reason = 'unknown', next_at = $1, leased_until = NULL, changed_at = $1
WHERE state = 'sending' AND leased_until <= $1
RETURNING kind, channel, state;

-- name: waiting
-- How many messages of a channel are due and not sent, by how long they are due.
-- $1 timestamptz now, $2 text channel.
-- One row per age that has any, or none.
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
-- The messages of a hall in a state, the oldest first.
-- $1 text hall, $2 text state, $3 uuid after which, $4 integer how many at most.
-- One row per message.
SELECT id, day, subject, kind, channel, facts, state, reason, due_at, changed_at, tries
FROM outbox
WHERE hall_id = $1 AND state = $2 AND id > $3
ORDER BY id
LIMIT $4;

-- name: get
-- A message of a hall, held until the transaction ends.
-- $1 text hall, $2 uuid message.
-- One row, or none.
SELECT id, day, subject, kind, channel, facts, state, reason, due_at, changed_at, tries
FROM outbox
WHERE hall_id = $1 AND id = $2
FOR UPDATE;

-- name: retry
-- Let a dead message wait again, from the first try on.
-- $1 text hall, $2 uuid message, $3 timestamptz now.
-- One row, or none when it is not dead.
UPDATE outbox
SET state = 'waiting', reason = NULL, next_at = $3, changed_at = $3, tries = 0, claim = NULL
WHERE hall_id = $1 AND id = $2 AND state = 'dead'
RETURNING id, day, subject, kind, channel, facts, state, reason, due_at, changed_at, tries;

-- name: sweep
-- Remove messages that are over.
-- $1 timestamptz the instant before which they ended.
-- No rows.
DELETE FROM outbox
WHERE state IN ('sent', 'dead', 'withdrawn') AND changed_at < $1;

-- name: sweep_cursors
-- Forget how far days were read that nobody looks at any more.
-- $1 date the first day that is still looked at.
-- No rows.
DELETE FROM outbox_cursors
WHERE day < $1;
