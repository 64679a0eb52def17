-- One row for each mail that an event called for, so that an event delivered twice is told once.
CREATE TABLE mails (
    event_id bigint NOT NULL,
    recipient_id text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    state text NOT NULL DEFAULT 'claimed' CHECK (state IN ('claimed', 'sent', 'refused')),
    claimed_at timestamptz NOT NULL DEFAULT now(),
    message_id text,
    PRIMARY KEY (event_id, recipient_id, kind)
);

-- Addresses that bounced or complained, as SHA-256 of the address in lower case.
CREATE TABLE blocked_addresses (
    digest text COLLATE "C" PRIMARY KEY,
    reason text NOT NULL,
    blocked_at timestamptz NOT NULL DEFAULT now()
);
