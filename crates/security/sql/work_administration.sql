-- Codes that let a person set a first or a new password, each once; of a code only its hash. The account 0
-- stands for the first start, when there is none yet.
CREATE TABLE account_activation (
    code_hash TEXT NOT NULL PRIMARY KEY,
    account BIGINT NOT NULL,
    made BIGINT NOT NULL,
    made_by TEXT NOT NULL,
    expires BIGINT NOT NULL,
    used BIGINT
);
CREATE INDEX account_activation_account ON account_activation (account);

-- Slips by which someone hands posts and unfinished work over to a successor (交接). `grants` are numbers apart
-- by blanks: those offered, and once it is accepted those that the successor got for them; `passed` is when all work
-- had gone over.
INSERT INTO security_number (name, number) VALUES ('handover', 0);
CREATE TABLE handover (
    id BIGINT NOT NULL PRIMARY KEY,
    giver BIGINT NOT NULL,
    taker BIGINT NOT NULL,
    grants TEXT NOT NULL,
    received TEXT NOT NULL,
    state TEXT NOT NULL,
    offered BIGINT NOT NULL,
    decided BIGINT,
    passed BIGINT
);
CREATE INDEX handover_giver ON handover (giver);
CREATE INDEX handover_taker ON handover (taker);
