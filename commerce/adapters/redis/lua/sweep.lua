-- Release expired reservations, a batch at a time.
-- KEYS: counters (hash), expiries (zset). ARGV: now (ms), batch size, prefix of a reservation's key (same hash slot).
local expired = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
for _, id in ipairs(expired) do
    local key = ARGV[3] .. id
    local lines = redis.call('HGETALL', key)
    for i = 1, #lines, 2 do
        if redis.call('HEXISTS', KEYS[1], lines[i]) == 1 then
            redis.call('HINCRBY', KEYS[1], lines[i], lines[i + 1])
        end
    end
    redis.call('DEL', key)
    redis.call('ZREM', KEYS[2], id)
end
return #expired
