-- Count an order of a buyer and the card that it is paid with; each once.
-- KEYS: the buyer's orders (zset), the buyer's cards (zset). ARGV: accepted at, an hour, a day (ms), order, card.
-- Returns the orders of the hour and of the day before the order was accepted, itself included, and the cards of the day.
local accepted, hour, day = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
redis.call('ZADD', KEYS[1], 'NX', accepted, ARGV[4])
redis.call('ZADD', KEYS[2], 'GT', accepted, ARGV[5])
for _, key in ipairs(KEYS) do
    redis.call('ZREMRANGEBYSCORE', key, '-inf', accepted - 2 * day)
    redis.call('PEXPIRE', key, 2 * day)
end
return {
    redis.call('ZCOUNT', KEYS[1], accepted - hour, accepted),
    redis.call('ZCOUNT', KEYS[1], accepted - day, accepted),
    redis.call('ZCOUNT', KEYS[2], accepted - day, '+inf'),
}
