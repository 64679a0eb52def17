-- Empty a cart unless it has changed since the given revision. KEYS: the cart. ARGV: the revision's field, revision.
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then
    redis.call('DEL', KEYS[1])
end
return 1
