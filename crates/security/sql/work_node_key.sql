-- The key of this node for secrets of sign-in and for what other rooms seal, wrapped by the master key `master`.
-- `suite` is that of its keyed hashes, for good.
CREATE TABLE node_key (
    one BIGINT NOT NULL PRIMARY KEY,
    suite BIGINT NOT NULL,
    master BIGINT NOT NULL,
    wrapped BYTES NOT NULL,
    made BIGINT NOT NULL
);
