-- A refund that fails may leave money of the seller with the platform; the next refund of the share is paid from it.
ALTER TABLE refunds
    ADD COLUMN covered bigint NOT NULL DEFAULT 0 CHECK (covered BETWEEN 0 AND amount),
    ADD COLUMN credited bigint NOT NULL DEFAULT 0 CHECK (credited BETWEEN 0 AND 2 * amount);
