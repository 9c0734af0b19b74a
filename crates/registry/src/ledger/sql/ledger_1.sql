CREATE TABLE head (
    id BIGINT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL,
    time BIGINT NOT NULL,
    hash BYTES NOT NULL,
    next_record BIGINT NOT NULL,
    node TEXT NOT NULL
);

CREATE TABLE commit_log (
    number BIGINT NOT NULL PRIMARY KEY,
    time BIGINT NOT NULL,
    actor TEXT NOT NULL,
    dataset TEXT NOT NULL,
    unit BIGINT,
    reason TEXT NOT NULL,
    source_kind TEXT NOT NULL,
    source_name TEXT NOT NULL,
    import_id BIGINT,
    origin_node TEXT,
    origin_number BIGINT,
    origin_hash BYTES,
    reverses BIGINT,
    definitions_version TEXT NOT NULL,
    definitions_hash TEXT NOT NULL,
    opened BIGINT NOT NULL,
    closed BIGINT NOT NULL,
    idempotency_key TEXT,
    root BYTES NOT NULL,
    parent BYTES NOT NULL,
    node TEXT NOT NULL,
    hash BYTES NOT NULL
);

CREATE UNIQUE INDEX commit_log_key ON commit_log (idempotency_key);
CREATE INDEX commit_log_time ON commit_log (time);
CREATE INDEX commit_log_dataset ON commit_log (dataset, number);
CREATE INDEX commit_log_import ON commit_log (import_id);

CREATE TABLE definition_file (
    hash TEXT NOT NULL,
    path TEXT NOT NULL,
    content BYTES NOT NULL,
    PRIMARY KEY (hash, path)
);
