-- A day's command_done_once says nothing of other days, and a booking is a command of the day of its slot: two requests
-- with one idempotency key that name two days would both be done, if they came at once. A key is remembered until the
-- day after, so it may book again on another date. Moves are commands of an appointment, whose row they wait for.
ALTER TABLE events
    ADD CONSTRAINT booking_done_once EXCLUDE USING btree (
        hall_id WITH =, command_id WITH =, ((at AT TIME ZONE 'UTC')::date) WITH =
    ) WHERE (kind = 'appointment_made' AND fingerprint IS NOT NULL);
