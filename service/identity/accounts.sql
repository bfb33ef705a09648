-- name: by_id
-- An account and its roles.
-- $1 uuid account.
-- One row, or none.
SELECT a.id, a.name, a.display_name, a.password, a.password_until, a.must_change, a.disabled, a.last_seen_at,
    a.subject IS NOT NULL AS sso,
    ARRAY(SELECT r.hall_id FROM account_roles AS r WHERE r.account_id = a.id ORDER BY r.hall_id) AS halls,
    ARRAY(SELECT r.role FROM account_roles AS r WHERE r.account_id = a.id ORDER BY r.hall_id) AS roles
FROM accounts AS a
WHERE a.id = $1;

-- name: by_name
-- The account that signs in with a name, and its roles: one statement, so that it takes no longer than finding none.
-- $1 text name, in small letters.
-- One row, or none.
SELECT a.id, a.name, a.display_name, a.password, a.password_until, a.must_change, a.disabled, a.last_seen_at,
    a.subject IS NOT NULL AS sso,
    ARRAY(SELECT r.hall_id FROM account_roles AS r WHERE r.account_id = a.id ORDER BY r.hall_id) AS halls,
    ARRAY(SELECT r.role FROM account_roles AS r WHERE r.account_id = a.id ORDER BY r.hall_id) AS roles
FROM accounts AS a
WHERE a.name = $1;

-- name: by_person
-- The id of the account of a person whom a provider of single sign-on knows.
-- $1 text issuer, $2 text subject.
-- One row, or none.
SELECT id
FROM accounts
WHERE issuer = $1 AND subject = $2;

-- name: lock
-- Hold an account, so that changes of it follow one another.
-- $1 uuid account.
-- One row, or none.
SELECT id
FROM accounts
WHERE id = $1
FOR UPDATE;

-- name: create
-- Make an account with a password for one use, unless the name is taken.
-- $1 uuid account, $2 text name, $3 text display name, $4 text hash of the password, $5 timestamptz its end,
-- $6 timestamptz now.
-- One row when it was made, else none.
INSERT INTO accounts (id, name, display_name, password, password_until, must_change, disabled, made_at)
VALUES ($1, $2, $3, $4, $5, true, false, $6)
ON CONFLICT (name) DO NOTHING
RETURNING id;

-- name: set_role
-- Give an account a role in a hall, in place of the one it has there.
-- $1 text hall, $2 uuid account, $3 text role.
-- No rows.
INSERT INTO account_roles (hall_id, account_id, role)
VALUES ($1, $2, $3)
ON CONFLICT (hall_id, account_id) DO UPDATE
SET role = excluded.role;

-- name: drop_role
-- Take an account's role in a hall away.
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
-- Give an account the password that its owner chose, in place of the one that they knew.
-- $1 uuid account, $2 text its hash, $3 text the hash of the one they knew.
-- One row, or none where the password is another by now.
UPDATE accounts
SET password = $2, must_change = false, password_until = NULL
WHERE id = $1 AND password = $3
RETURNING id;

-- name: give_password
-- Give an account a password for one use.
-- $1 uuid account, $2 text its hash, $3 timestamptz its end.
-- No rows.
UPDATE accounts
SET password = $2, must_change = true, password_until = $3
WHERE id = $1;

-- name: rehash
-- Keep the same password under a newer hash, unless it was changed meanwhile.
-- $1 uuid account, $2 text the old hash, $3 text the new one.
-- One row, or none where it was changed.
UPDATE accounts
SET password = $3
WHERE id = $1 AND password = $2
RETURNING id;

-- name: link
-- Make an account that of a person whom a provider of single sign-on knows; it then has no password.
-- $1 uuid account, $2 text issuer, $3 text subject.
-- One row, or none when the account is another person's.
UPDATE accounts
SET issuer = $2, subject = $3, password = NULL, password_until = NULL, must_change = false
WHERE id = $1 AND issuer IS NULL
RETURNING id;

-- name: seen
-- Note when an account was last in use.
-- $1 uuid account, $2 timestamptz now.
-- No rows.
UPDATE accounts
SET last_seen_at = $2
WHERE id = $1;

-- name: of_hall
-- The accounts with a role in a hall, by name.
-- $1 text hall, $2 text the name after which to begin, $3 integer how many at most, $4 text[] the halls that whoever asks
-- manages, null for all.
-- One row per account, or none; how and when somebody signs in who works elsewhere, too, is null.
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

-- name: names
-- What accounts are called.
-- $1 uuid[] accounts.
-- One row per account that exists, or none.
SELECT id, display_name
FROM accounts
WHERE id = ANY($1);
