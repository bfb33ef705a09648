-- Who books or comes has read the invitation before, and it may be taken back in between: whichever is written first
-- holds. The one that is used cannot be taken back, and the one that was taken back cannot be used any more.
ALTER TABLE invitations
    ADD CONSTRAINT revoked_is_unused CHECK (revoked_at IS NULL OR used_by IS NULL);
