-- When the chains of this node were gone through, and what was found. Append-only. head: how far the chain was whole.
CREATE TABLE assurance_check (
    number BIGINT NOT NULL PRIMARY KEY,
    chain TEXT NOT NULL,
    outcome TEXT NOT NULL,
    looked_at BIGINT NOT NULL,
    faults BIGINT NOT NULL,
    first_fault TEXT NOT NULL,
    head TEXT NOT NULL,
    began BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    actor TEXT NOT NULL
);
CREATE INDEX assurance_check_chain ON assurance_check (chain, number);
