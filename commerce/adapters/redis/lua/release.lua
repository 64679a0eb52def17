-- Give the units of reservations back, once each.
-- KEYS: counters (hash), expiries (zset), then reservations (hashes). Returns how many were released.
local released = 0
for k = 3, #KEYS do
    local lines = redis.call('HGETALL', KEYS[k])
    if #lines > 0 then
        for i = 1, #lines, 2 do
            -- A counter that was lost stays missing: it will be rebuilt from the authority, which knows better.
            if redis.call('HEXISTS', KEYS[1], lines[i]) == 1 then
                redis.call('HINCRBY', KEYS[1], lines[i], lines[i + 1])
            end
        end
        redis.call('DEL', KEYS[k])
        released = released + 1
    end
    redis.call('ZREM', KEYS[2], string.match(KEYS[k], '[^:]*$'))
end
return released
