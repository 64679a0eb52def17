-- Overwrite counters with the authority's figures, less the held reservations that it did not know as orders.
-- KEYS: counters (hash), expiries (zset). ARGV: prefix of a reservation's key (same hash slot), number of offers,
-- then offer, units, ..., then the reservations that the authority counted.
local available, last = {}, 2 + 2 * tonumber(ARGV[2])
for i = 3, last, 2 do
    available[ARGV[i]] = tonumber(ARGV[i + 1])
end
local ordered = {}
for i = last + 1, #ARGV do
    ordered[ARGV[i]] = true
end
for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
    if not ordered[id] then
        local lines = redis.call('HGETALL', ARGV[1] .. id)
        for i = 1, #lines, 2 do
            if available[lines[i]] then
                available[lines[i]] = available[lines[i]] - tonumber(lines[i + 1])
            end
        end
    end
end
for offer, units in pairs(available) do
    redis.call('HSET', KEYS[1], offer, string.format('%d', units))
end
return 1
