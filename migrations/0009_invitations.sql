-- Invitations as they are imported, listed and looked after; and what the erasure of a person looks for.

-- line is where the list that was imported names the person. partner is the id of the partner's device, or hall.
ALTER TABLE invitations ADD COLUMN line integer NOT NULL DEFAULT 0;

CREATE INDEX invitations_by_batch ON invitations (hall_id, batch, id);
CREATE INDEX invitations_by_person ON invitations (hall_id, person) WHERE person IS NOT NULL;
CREATE INDEX invitations_by_applicant ON invitations (hall_id, applicant_id) WHERE applicant_id IS NOT NULL;

-- What became of an invitation: of its appointments the last, also one that gave it back.
CREATE INDEX appointments_by_invitation ON appointments (hall_id, invitation_id) WHERE invitation_id IS NOT NULL;
CREATE INDEX tickets_by_invitation ON tickets (hall_id, invitation_id) WHERE invitation_id IS NOT NULL;

CREATE INDEX appointments_by_applicant ON appointments (hall_id, applicant_id) WHERE applicant_id IS NOT NULL;
CREATE INDEX tickets_by_applicant ON tickets (hall_id, applicant_id) WHERE applicant_id IS NOT NULL;
CREATE INDEX applicants_by_age ON applicants (hall_id, created_at);
CREATE INDEX messages_by_applicant ON outbox (hall_id, applicant_id);
