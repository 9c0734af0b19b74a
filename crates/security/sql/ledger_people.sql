-- Keys of persons and what finds them again. All of this is mutable and stands outside the chain of commits:
-- keys are wrapped anew, lookups are rebuilt, and both are deleted when a person is erased.

-- One row: what is in use. Whoever writes keys or lookups locks it first, so that a rotation misses none.
CREATE TABLE person_key_state (
    one BIGINT NOT NULL PRIMARY KEY,
    suite BIGINT NOT NULL,
    realm TEXT NOT NULL,
    master BIGINT NOT NULL,
    lookup BIGINT NOT NULL,
    next_lookup BIGINT
);

-- The key of a person, wrapped by a master key. `mark` is drawn at random: it tells the person from another one
-- who is given the same record id after a restore. `suite` is that of the person's digests, for good.
CREATE TABLE person_key (
    person BIGINT NOT NULL PRIMARY KEY,
    mark BIGINT NOT NULL,
    suite BIGINT NOT NULL,
    master BIGINT NOT NULL,
    wrapped BYTES NOT NULL
);

-- The keys under which identifiers are hashed, wrapped by a master key.
CREATE TABLE lookup_key (
    version BIGINT NOT NULL PRIMARY KEY,
    realm TEXT NOT NULL,
    suite BIGINT NOT NULL,
    master BIGINT NOT NULL,
    wrapped BYTES NOT NULL,
    made BIGINT NOT NULL
);

-- Eight bytes of the keyed hash of an identifier, as a number, and whose it may be.
CREATE TABLE person_lookup (
    version BIGINT NOT NULL,
    hash BIGINT NOT NULL,
    person BIGINT NOT NULL,
    PRIMARY KEY (version, hash, person)
);

-- The identifiers themselves, sealed under the person's key: what lookups are rebuilt from.
CREATE TABLE person_identifier (
    person BIGINT NOT NULL,
    tag BIGINT NOT NULL,
    sealed BYTES NOT NULL,
    PRIMARY KEY (person, tag)
);

-- Who was erased, when, why in law, and by whom.
CREATE TABLE person_erased (
    person BIGINT NOT NULL,
    mark BIGINT NOT NULL,
    erased BIGINT NOT NULL,
    reason TEXT NOT NULL,
    erased_by TEXT NOT NULL,
    PRIMARY KEY (person, mark)
);

-- Rotations, with how far they are: `cursor` is the last person whose rows are done, `last` the last person whose
-- rows have to be: those who came after the beginning were written with what is new already.
CREATE TABLE key_rotation (
    number BIGINT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    target BIGINT NOT NULL,
    stage TEXT NOT NULL,
    cursor BIGINT NOT NULL,
    last BIGINT NOT NULL,
    done BIGINT NOT NULL,
    total BIGINT NOT NULL,
    started BIGINT NOT NULL,
    started_by TEXT NOT NULL,
    finished BIGINT
);
