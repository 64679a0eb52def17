-- Refunds that failed before anything was heard of them: news of the processor come in any order.
CREATE TABLE failed_refunds (
    processor_refund_id text COLLATE "C" PRIMARY KEY,
    reason text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX refunds_of_processor ON refunds (processor_refund_id) WHERE processor_refund_id IS NOT NULL;
CREATE INDEX orders_of_charge ON orders (charge_id) WHERE charge_id IS NOT NULL;
