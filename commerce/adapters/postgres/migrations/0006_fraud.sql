-- What was decided about each order before it was charged, and what an administrator made of it. Written once, but for
-- the verdict, which is given once.

CREATE TABLE fraud_assessments (
    order_id text COLLATE "C" PRIMARY KEY REFERENCES orders,
    decision text NOT NULL CHECK (decision IN ('allow', 'review', 'refuse')),
    decided_by text NOT NULL CHECK (decided_by IN ('model', 'rules')),
    score double precision CHECK (score BETWEEN 0 AND 1),
    model text,
    reasons text[] NOT NULL,
    features jsonb NOT NULL,
    assessed_at timestamptz NOT NULL DEFAULT now(),
    approved boolean,
    verdict_by text,
    verdict_reason text,
    verdict_at timestamptz,
    CHECK ((score IS NOT NULL) = (decided_by = 'model')),
    CHECK ((model IS NOT NULL) = (decided_by = 'model')),
    CHECK (approved IS NULL OR decision = 'review'),
    CHECK (num_nulls(approved, verdict_by, verdict_reason, verdict_at) IN (0, 4))
);

CREATE INDEX fraud_reviews_open ON fraud_assessments (assessed_at, order_id)
    WHERE decision = 'review' AND approved IS NULL;
