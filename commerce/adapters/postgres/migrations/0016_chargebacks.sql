-- Charges that buyers' banks dispute. What a bank has decided stays.
CREATE TABLE chargebacks (
    dispute_id text COLLATE "C" PRIMARY KEY,
    order_id text COLLATE "C" NOT NULL REFERENCES orders,
    amount bigint NOT NULL CHECK (amount >= 0),
    status text NOT NULL,
    as_of timestamptz NOT NULL
);
