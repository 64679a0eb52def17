-- What buyers get back. The rows of a share never sum to more than its gross: `request` locks the share and adds them up.
CREATE TABLE refunds (
    refund_id text COLLATE "C" PRIMARY KEY,
    order_id text COLLATE "C" NOT NULL,
    seller_id text COLLATE "C" NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    reversal bigint NOT NULL CHECK (reversal BETWEEN 0 AND amount),
    reason text NOT NULL,
    state text NOT NULL DEFAULT 'requested' CHECK (state IN ('requested', 'paid', 'settled', 'failed')),
    processor_refund_id text,
    reversal_id text,
    attempts integer NOT NULL DEFAULT 0,
    requested_at timestamptz NOT NULL DEFAULT now(),
    due_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (order_id, seller_id) REFERENCES seller_orders,
    CHECK (state = 'requested' OR processor_refund_id IS NOT NULL)
);

CREATE INDEX refunds_of_share ON refunds (order_id, seller_id);
CREATE INDEX refunds_open ON refunds (due_at) WHERE state IN ('requested', 'paid');
