-- The erasure list once more, so that it survives a restore of the ledger from an older backup.
CREATE TABLE person_erased_kept (
    person BIGINT NOT NULL,
    mark BIGINT NOT NULL,
    erased BIGINT NOT NULL,
    reason TEXT NOT NULL,
    erased_by TEXT NOT NULL,
    PRIMARY KEY (person, mark)
);
