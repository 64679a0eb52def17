-- The double-entry ledger. `entries` is how many rows the transaction has, so that nothing can be added to it later.

CREATE TABLE ledger_transactions (
    transaction_id text COLLATE "C" PRIMARY KEY,
    order_id text COLLATE "C" NOT NULL,
    entries integer NOT NULL CHECK (entries >= 2),
    posted_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE ledger_entries (
    transaction_id text COLLATE "C" NOT NULL REFERENCES ledger_transactions,
    account text COLLATE "C" NOT NULL,
    currency text COLLATE "C" NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    amount bigint NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (transaction_id, account, currency)
);

CREATE INDEX ledger_entries_of_account ON ledger_entries (account, currency) INCLUDE (amount);

-- search_path is fixed with pg_temp last: a temporary table of the same name must not be read in the ledger's place.
CREATE FUNCTION ledger_check() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    declared integer;
    present integer;
    unbalanced text;
BEGIN
    SELECT entries INTO declared FROM ledger_transactions WHERE transaction_id = NEW.transaction_id;
    SELECT count(*) INTO present FROM ledger_entries WHERE transaction_id = NEW.transaction_id;
    IF present IS DISTINCT FROM declared THEN
        RAISE EXCEPTION 'ledger transaction % has % entries, not the % it was posted with',
            NEW.transaction_id, present, declared
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_complete';
    END IF;
    SELECT string_agg(currency || ' ' || total, ', ') INTO unbalanced
    FROM (
        SELECT currency, sum(amount) AS total
        FROM ledger_entries
        WHERE transaction_id = NEW.transaction_id
        GROUP BY currency
        HAVING sum(amount) <> 0
    ) AS sums;
    IF unbalanced IS NOT NULL THEN
        RAISE EXCEPTION 'ledger transaction % sums to %, not to zero', NEW.transaction_id, unbalanced
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_balanced';
    END IF;
    RETURN NULL;
END
$$;

-- Deferred: judged when the database transaction commits, when all entries are there.
CREATE CONSTRAINT TRIGGER ledger_transactions_balanced AFTER INSERT ON ledger_transactions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_check();
CREATE CONSTRAINT TRIGGER ledger_entries_balanced AFTER INSERT ON ledger_entries
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_check();

CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: % of % is refused; post a correcting transaction', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'ledger_append_only';
END
$$;

CREATE TRIGGER ledger_transactions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transactions
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
