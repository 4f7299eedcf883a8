#!lua flags=allow-oom
-- Put what PostgreSQL has in the place of copies that may differ from it, with an expiry.
-- KEYS: count of unpersisted bytes, then checkpoints
-- ARGV: seconds to live, then values
local freed = 0
for i = 2, #KEYS do
  if redis.call('PTTL', KEYS[i]) == -1 then
    freed = freed + redis.call('STRLEN', KEYS[i])
  end
  redis.call('SET', KEYS[i], ARGV[i], 'EX', ARGV[1])
end
if freed > 0 and redis.call('DECRBY', KEYS[1], freed) < 0 then
  redis.call('SET', KEYS[1], 0)
end
return freed
