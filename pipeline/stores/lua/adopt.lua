#!lua flags=allow-oom
-- Put what PostgreSQL has in the place of copies that may differ from it, with an expiry.
-- KEYS: count of unpersisted bytes, then checkpoints
-- ARGV: seconds to live, then values

-- A key that holds another type has no size that anybody counted.
local function size(key)
  local length = redis.pcall('STRLEN', key)
  return type(length) == 'number' and length or 0
end

local freed = 0
for i = 2, #KEYS do
  if redis.call('PTTL', KEYS[i]) == -1 then
    freed = freed + size(KEYS[i])
  end
  redis.call('SET', KEYS[i], ARGV[i], 'EX', ARGV[1])
end
if freed > 0 and redis.call('DECRBY', KEYS[1], freed) < 0 then
  redis.call('SET', KEYS[1], 0)
end
return freed
