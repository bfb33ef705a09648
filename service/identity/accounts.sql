-- name: by_id
-- Read an account and its roles by id.
-- $1 uuid account.
-- One row, or none.
SELECT a.id, a.name, a.display_name, a.password, a.password_until, a.must_change, a.disabled, a.last_seen_at,
    a.subject IS NOT NULL AS sso,
    ARRAY(SELECT r.hall_id FROM account_roles AS r WHERE r.account_id = a.id ORDER BY r.hall_id) AS halls,
    ARRAY(SELECT r.role FROM account_roles AS r WHERE r.account_id = a.id ORDER BY r.hall_id) AS roles
FROM accounts AS a
WHERE a.id = $1;

-- name: by_name
-- Read an account and its roles by sign-in name. One statement, so that the time does not reveal whether it exists.
-- $1 text name, normalized.
-- One row, or none.
SELECT a.id, a.name, a.display_name, a.password, a.password_until, a.must_change, a.disabled, a.last_seen_at,
    a.subject IS NOT NULL AS sso,
    ARRAY(SELECT r.hall_id FROM account_roles AS r WHERE r.account_id = a.id ORDER BY r.hall_id) AS halls,
    ARRAY(SELECT r.role FROM account_roles AS r WHERE r.account_id = a.id ORDER BY r.hall_id) AS roles
FROM accounts AS a
WHERE a.name = $1;

-- name: by_person
-- Find the account of a single sign-on identity.
-- $1 text issuer, $2 text subject.
-- One row, or none.
SELECT id
FROM accounts
WHERE issuer = $1 AND subject = $2;

-- name: lock
-- Lock an account, so that changes of it are serialized.
-- $1 uuid account.
-- One row, or none.
SELECT id
FROM accounts
WHERE id = $1
FOR UPDATE;

-- name: create
-- Create an account with a one-time password, unless the name is taken.
-- $1 uuid account, $2 text name, $3 text display name, $4 text hash of the password, $5 timestamptz end of the password,
-- $6 timestamptz now.
-- One row if it was created, else none.
INSERT INTO accounts (id, name, display_name, password, password_until, must_change, disabled, made_at)
VALUES ($1, $2, $3, $4, $5, true, false, $6)
ON CONFLICT (name) DO NOTHING
RETURNING id;

-- name: set_role
-- Set the role of an account in a hall, replacing an existing one.
-- $1 text hall, $2 uuid account, $3 text role.
-- No rows.
INSERT INTO account_roles (hall_id, account_id, role)
VALUES ($1, $2, $3)
ON CONFLICT (hall_id, account_id) DO UPDATE
SET role = excluded.role;

-- name: remove_role
-- Remove the role of an account in a hall.
-- $1 text hall, $2 uuid account.
-- One row with the role it had, or none.
DELETE FROM account_roles
WHERE hall_id = $1 AND account_id = $2
RETURNING role;

-- name: change
-- Change an account's display name and whether it may sign in.
-- $1 uuid account, $2 text display name, $3 boolean disabled.
-- No rows.
UPDATE accounts
SET display_name = $2, disabled = $3
WHERE id = $1;

-- name: choose_password
-- Set the password that the owner of an account chose.
-- $1 uuid account, $2 text new hash, $3 text current hash.
-- One row, or none if the password has changed meanwhile.
UPDATE accounts
SET password = $2, must_change = false, password_until = NULL
WHERE id = $1 AND password = $3
RETURNING id;

-- name: set_one_time_password
-- Set a one-time password.
-- $1 uuid account, $2 text hash, $3 timestamptz end of the password.
-- No rows.
UPDATE accounts
SET password = $2, must_change = true, password_until = $3
WHERE id = $1;

-- name: rehash
-- Replace the hash of the same password, unless the password has changed meanwhile.
-- $1 uuid account, $2 text old hash, $3 text new hash.
-- One row, or none if the password has changed.
UPDATE accounts
SET password = $3
WHERE id = $1 AND password = $2
RETURNING id;

-- name: link
-- Link an account to a single sign-on identity and delete its password.
-- $1 uuid account, $2 text issuer, $3 text subject.
-- One row, or none if the account is already linked.
UPDATE accounts
SET issuer = $2, subject = $3, password = NULL, password_until = NULL, must_change = false
WHERE id = $1 AND issuer IS NULL
RETURNING id;

-- name: record_use
-- Record when an account was last in use.
-- $1 uuid account, $2 timestamptz now.
-- No rows.
UPDATE accounts
SET last_seen_at = $2
WHERE id = $1;

-- name: of_hall
-- List the accounts with a role in a hall, by name.
-- $1 text hall, $2 text last name of the page before, $3 integer limit, $4 text[] halls that the viewer manages, NULL for
-- all.
-- One row per account; sso, must_change and last_seen_at are NULL if it also has a role in a hall outside of $4.
SELECT m.id, m.name, m.display_name, m.role, m.disabled, m.elsewhere,
    CASE WHEN NOT m.elsewhere THEN m.subject IS NOT NULL END AS sso,
    CASE WHEN NOT m.elsewhere THEN m.must_change END AS must_change,
    CASE WHEN NOT m.elsewhere THEN m.last_seen_at END AS last_seen_at
FROM (
    SELECT a.id, a.name, a.display_name, r.role, a.disabled, a.subject, a.must_change, a.last_seen_at,
        EXISTS (
            SELECT 1 FROM account_roles AS o WHERE o.account_id = a.id AND o.hall_id <> ALL ($4::text[])
        ) AS elsewhere
    FROM account_roles AS r
    JOIN accounts AS a ON a.id = r.account_id
    WHERE r.hall_id = $1 AND a.name > $2
    ORDER BY a.name
    LIMIT $3
) AS m
ORDER BY m.name;

-- name: display_names
-- Read the display names of accounts.
-- $1 uuid[] accounts.
-- One row per existing account.
SELECT id, display_name
FROM accounts
WHERE id = ANY($1);
