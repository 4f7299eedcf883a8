#!lua flags=allow-oom
-- PostgreSQL will never take this: write a dead letter, move the value aside, drop the entry.
-- The value leaves its key, since who found it there would take it for one that is queued or
-- persisted, and wait for ever.
-- KEYS: queue, count of unpersisted bytes, dead letters, checkpoint, the value's place aside
-- ARGV: consumer group, entry id, reason, seconds to keep, letters to keep,
--       then the entry's fields: project, content, stage, fingerprint, part

-- A key that holds another type has no size that anybody counted.
local function size(key)
  local length = redis.pcall('STRLEN', key)
  return type(length) == 'number' and length or 0
end

if redis.call('PTTL', KEYS[4]) == -1 then
  if redis.call('DECRBY', KEYS[2], size(KEYS[4])) < 0 then
    redis.call('SET', KEYS[2], 0)
  end
  redis.call('RENAME', KEYS[4], KEYS[5])
  redis.call('EXPIRE', KEYS[5], ARGV[4])
end
redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[5], '*', 'entry', ARGV[2], 'reason', ARGV[3],
  'project', ARGV[6], 'content', ARGV[7], 'stage', ARGV[8], 'fingerprint', ARGV[9],
  'part', ARGV[10])
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
redis.call('XDEL', KEYS[1], ARGV[2])
if redis.call('XLEN', KEYS[1]) == 0 then
  redis.call('SET', KEYS[2], 0)
end
return 1
