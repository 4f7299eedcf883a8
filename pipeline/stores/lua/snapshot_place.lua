#!lua
-- Put a snapshot that was brought together aside in its place, if it is whole.
-- KEYS: the mark of who brought it together, the snapshot aside, the one in place
-- ARGV: who; how many fields it must have; its hash; seconds to live
-- Returns 1, or 0 if it is over.
if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('UNLINK', KEYS[1])
if redis.pcall('HLEN', KEYS[2]) ~= tonumber(ARGV[2]) then
  redis.call('UNLINK', KEYS[2])
  return 0
end
redis.call('HSET', KEYS[2], '@whole', ARGV[3])
redis.call('UNLINK', KEYS[3])
redis.call('RENAME', KEYS[2], KEYS[3])
redis.call('EXPIRE', KEYS[3], ARGV[4])
return 1
