-- Cases between buyers and sellers, the suspension of sellers, and the audit log of what administrators did.

CREATE TABLE cases (
    case_id text COLLATE "C" PRIMARY KEY,
    case_number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    order_id text COLLATE "C" NOT NULL REFERENCES orders,
    seller_id text COLLATE "C" NOT NULL REFERENCES sellers,
    buyer_id text COLLATE "C" NOT NULL,
    reason text NOT NULL,
    currency text NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    claimed bigint NOT NULL CHECK (claimed > 0),
    state text NOT NULL
        CHECK (state IN ('waits_for_seller', 'waits_for_buyer', 'escalated', 'decided', 'withdrawn', 'expired')),
    opened_at timestamptz NOT NULL,
    due_at timestamptz,
    proposal jsonb,
    decision jsonb,
    CHECK ((due_at IS NULL) = (state IN ('decided', 'withdrawn', 'expired'))),
    CHECK ((decision IS NOT NULL) = (state = 'decided'))
);

-- One open case about a seller's part of an order; while it is open, the share is not released.
CREATE UNIQUE INDEX cases_open ON cases (order_id, seller_id) WHERE due_at IS NOT NULL;
CREATE INDEX cases_of_part ON cases (order_id, seller_id);
CREATE INDEX cases_of_buyer ON cases (buyer_id, case_number);
CREATE INDEX cases_of_seller ON cases (seller_id, case_number);
CREATE INDEX cases_by_state ON cases (state, case_number);
CREATE INDEX cases_due ON cases (due_at) WHERE state IN ('waits_for_seller', 'waits_for_buyer');

CREATE TABLE case_messages (
    case_id text COLLATE "C" NOT NULL REFERENCES cases,
    number integer NOT NULL,
    author_id text COLLATE "C" NOT NULL,
    party text NOT NULL CHECK (party IN ('buyer', 'seller', 'support', 'admin')),
    text text NOT NULL,
    written_at timestamptz NOT NULL,
    PRIMARY KEY (case_id, number)
);

ALTER TABLE sellers
    ADD COLUMN suspended_at timestamptz,
    ADD COLUMN suspension_reason text,
    ADD CONSTRAINT sellers_suspended_for_a_reason CHECK ((suspended_at IS NULL) = (suspension_reason IS NULL));

CREATE INDEX sellers_suspended ON sellers (seller_id) WHERE suspended_at IS NOT NULL;

CREATE TABLE audit_log (
    entry_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    happened_at timestamptz NOT NULL,
    actor_id text COLLATE "C" NOT NULL CHECK (actor_id <> ''),
    role text NOT NULL,
    action text NOT NULL,
    subject_type text NOT NULL,
    subject_id text COLLATE "C" NOT NULL,
    reason text NOT NULL,
    before jsonb NOT NULL,
    after jsonb NOT NULL
);

CREATE INDEX audit_log_of_actor ON audit_log (actor_id, entry_id);
CREATE INDEX audit_log_of_subject ON audit_log (subject_type, subject_id, entry_id);

-- No role has the right to change it; this also stops the owner.
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only: % of % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'audit_append_only';
END
$$;

CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();

-- The order in which reviews are listed.
ALTER TABLE fraud_assessments ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY;
