-- The tree of units over both clocks: a row says that from one day to another a unit stood under a parent,
-- as the ledger knew it from commit `since` until commit `until`. Written only in a commit's transaction.
CREATE TABLE unit (
    id BIGINT NOT NULL,
    since BIGINT NOT NULL,
    effective_from BIGINT NOT NULL,
    effective_to BIGINT,
    until BIGINT,
    parent BIGINT,
    PRIMARY KEY (id, since, effective_from)
);
