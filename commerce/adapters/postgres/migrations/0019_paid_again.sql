-- A share whose seller is owed anew after the transfer is paid by a further one: the ids of those before it, in order.
ALTER TABLE payouts ADD COLUMN earlier_transfers text[] NOT NULL DEFAULT '{}';
-- Whose money came back is looked at from time to time: only then can a seller be owed anew.
CREATE INDEX refunds_failed ON refunds (due_at) WHERE state = 'failed';
