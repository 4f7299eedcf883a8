#!lua
-- Write a checkpoint once, and queue it for PostgreSQL unless PostgreSQL has it already.
-- KEYS: checkpoint, queue, count of unpersisted bytes
-- ARGV: value, then the entry's fields: project, content, stage, fingerprint, part; then '1' if
--   PostgreSQL is known to lack it, whatever its expiry says
-- Returns the value that was there, or false if this one was written.
local there = redis.call('GET', KEYS[1])
if not there then
  redis.call('SET', KEYS[1], ARGV[1])
  redis.call('INCRBY', KEYS[3], #ARGV[1])
end
if there and ARGV[7] == '1' and redis.call('PERSIST', KEYS[1]) == 1 then
  redis.call('INCRBY', KEYS[3], #there)
end
-- Only `done` gives a checkpoint an expiry, so one without is not in PostgreSQL yet. Its entry may
-- be lost (a restored copy), so it is queued again: a second entry is harmless, none is not.
if redis.call('PTTL', KEYS[1]) == -1 then
  redis.call('XADD', KEYS[2], '*', 'project', ARGV[2], 'content', ARGV[3], 'stage', ARGV[4],
    'fingerprint', ARGV[5], 'part', ARGV[6])
end
return there
