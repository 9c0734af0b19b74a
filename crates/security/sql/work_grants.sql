-- What an account is (a person, or a program), until when, where it belongs, and when it was last used.
ALTER TABLE account ADD COLUMN kind TEXT NOT NULL DEFAULT 'person';
ALTER TABLE account ADD COLUMN expires BIGINT;
ALTER TABLE account ADD COLUMN home BIGINT;
ALTER TABLE account ADD COLUMN last_used BIGINT;

-- What narrows a grant: its business line, the datasets it reaches (names apart by blanks), the most sensitive
-- fields it shows, its first day, and the grant of which it is the deputy.
ALTER TABLE account_grant ADD COLUMN line TEXT;
ALTER TABLE account_grant ADD COLUMN datasets TEXT;
ALTER TABLE account_grant ADD COLUMN sees TEXT;
ALTER TABLE account_grant ADD COLUMN first_day BIGINT;
ALTER TABLE account_grant ADD COLUMN deputy_of BIGINT;
ALTER TABLE account_grant ADD COLUMN last_used BIGINT;
CREATE INDEX account_grant_unit ON account_grant (unit);
