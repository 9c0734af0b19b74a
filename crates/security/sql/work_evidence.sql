-- Entries of format 2 say more; those of format 1 (NULL here) stay as they are, and so do their hashes.
ALTER TABLE audit ADD COLUMN format BIGINT;
ALTER TABLE audit ADD COLUMN unit BIGINT;
ALTER TABLE audit ADD COLUMN post TEXT;
ALTER TABLE audit ADD COLUMN grant_id BIGINT;
ALTER TABLE audit ADD COLUMN session BIGINT;
ALTER TABLE audit ADD COLUMN operation TEXT;
ALTER TABLE audit ADD COLUMN purpose TEXT;
ALTER TABLE audit ADD COLUMN reason TEXT;
ALTER TABLE audit ADD COLUMN dataset TEXT;
ALTER TABLE audit ADD COLUMN persons BIGINT;
ALTER TABLE audit ADD COLUMN records BIGINT;
ALTER TABLE audit ADD COLUMN level TEXT;
ALTER TABLE audit ADD COLUMN in_full BIGINT;
ALTER TABLE audit ADD COLUMN trace TEXT;
ALTER TABLE audit ADD COLUMN people_digest TEXT;
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_actor ON audit (actor, number);
CREATE INDEX audit_trace ON audit (trace);

-- Which entries are about a person: how a person sees who looked. The entry's digest covers its rows.
CREATE TABLE audit_person (
    person BIGINT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (person, number)
);
CREATE INDEX audit_person_number ON audit_person (number, person);

-- What was dropped after its retention: the hash with which it ended, so that the rest still verifies.
-- An entry of the log says the same, so that a forged row is found out.
CREATE TABLE audit_segment (
    last_number BIGINT NOT NULL PRIMARY KEY,
    first_number BIGINT NOT NULL,
    hash TEXT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    dropped BIGINT NOT NULL
);

INSERT INTO security_number (name, number) VALUES ('trace', 0);
