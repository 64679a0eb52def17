-- The units of a reservation are sold. Its lines are kept for a while, so that a repeated reserve changes nothing and
-- a release (the sale was undone) still knows what to give back.
-- KEYS: expiries (zset), the reservation (hash). ARGV: reservation id, how long to remember (ms).
if redis.call('ZREM', KEYS[1], ARGV[1]) == 1 then
    redis.call('PEXPIRE', KEYS[2], ARGV[2])
end
return 1
