-- Programs that are let in: each has an account of its own with one post, the actions and datasets that its tokens are
-- good for (words apart by blanks), and a first day on which it may no longer act. Secrets are kept as keyed hashes.
CREATE TABLE api_client (
    id TEXT NOT NULL PRIMARY KEY,
    account BIGINT NOT NULL,
    grant_id BIGINT NOT NULL,
    scopes TEXT NOT NULL,
    datasets TEXT,
    expires BIGINT NOT NULL,
    used BIGINT,
    secret_hash TEXT NOT NULL,
    secret_made BIGINT NOT NULL,
    created BIGINT NOT NULL,
    ended BIGINT
);
CREATE INDEX api_client_account ON api_client (account);

-- Their tokens: an hour each.
CREATE TABLE api_token (
    token_hash TEXT NOT NULL PRIMARY KEY,
    client TEXT NOT NULL,
    scopes TEXT NOT NULL,
    issued BIGINT NOT NULL,
    expires BIGINT NOT NULL
);
CREATE INDEX api_token_client ON api_token (client);
