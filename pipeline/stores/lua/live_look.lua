#!lua flags=allow-oom
-- Say which state a project's live copies are of, if all of them are of one, how many fields the
-- first has and which entities are late, and let them live on.
-- One that was evicted, or was flushed and half written again, leaves no state.
-- KEYS: hashes, then the two values
-- ARGV: how many hashes; seconds to live, '' to leave that alone
local hashes = tonumber(ARGV[1])
local stamp = redis.pcall('HGET', KEYS[1], '@stamp')
if type(stamp) ~= 'string' then
  return false
end
for i = 1, #KEYS do
  if i <= hashes then
    if redis.pcall('HGET', KEYS[i], '@stamp') ~= stamp then
      return false
    end
  elseif redis.call('EXISTS', KEYS[i]) == 0 then
    return false
  end
end
if ARGV[2] ~= '' then
  for i = 1, #KEYS do
    redis.call('EXPIRE', KEYS[i], ARGV[2])
  end
end
return { stamp, redis.call('HLEN', KEYS[1]), redis.call('HGET', KEYS[1], '@late') }
