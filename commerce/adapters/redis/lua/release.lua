-- Give the units of a reservation back, once.
-- KEYS: counters (hash), expiries (zset), the reservation (hash). ARGV: reservation id.
local lines = redis.call('HGETALL', KEYS[3])
for i = 1, #lines, 2 do
    -- A counter that was lost stays missing: it is rebuilt from the order database.
    if redis.call('HEXISTS', KEYS[1], lines[i]) == 1 then
        redis.call('HINCRBY', KEYS[1], lines[i], lines[i + 1])
    end
end
redis.call('DEL', KEYS[3])
redis.call('ZREM', KEYS[2], ARGV[1])
