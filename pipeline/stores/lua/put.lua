#!lua
-- Write checkpoints once, and queue each for PostgreSQL unless PostgreSQL has it already.
-- KEYS: queue, count of unpersisted bytes, then checkpoints
-- ARGV: project; '1' if PostgreSQL is known to lack them, whatever their expiry says; how many
--   unpersisted bytes there may be, 0 for any number; then for each checkpoint: value, and the
--   entry's fields content, stage, fingerprint, part
-- Returns for each: the value that was there, 1 if this one was written, 0 if there was no room.
local answers = {}
local held = tonumber(redis.call('GET', KEYS[2]) or '0')
-- Without an entry there is nothing unpersisted: see `done`.
if held > 0 and redis.call('XLEN', KEYS[1]) == 0 then
  held = 0
  redis.call('SET', KEYS[2], 0)
end
local room = tonumber(ARGV[3])
for i = 3, #KEYS do
  local at = 4 + (i - 3) * 5
  local there = redis.pcall('GET', KEYS[i])
  if type(there) == 'table' and there.err then
    -- Of another type: no checkpoint, and in the way of one.
    redis.call('UNLINK', KEYS[i])
    there = false
  end
  if there then
    answers[#answers + 1] = there
    if ARGV[2] == '1' and redis.call('PERSIST', KEYS[i]) == 1 then
      held = redis.call('INCRBY', KEYS[2], #there)
    end
  elseif room > 0 and held + #ARGV[at] > room then
    answers[#answers + 1] = 0
  else
    redis.call('SET', KEYS[i], ARGV[at])
    held = redis.call('INCRBY', KEYS[2], #ARGV[at])
    answers[#answers + 1] = 1
  end
  -- Only `done` and `adopt` give a checkpoint an expiry, so one without is not in PostgreSQL yet.
  -- Its entry may be lost (a restored copy), so it is queued again: a second entry is harmless,
  -- none is not.
  if redis.call('PTTL', KEYS[i]) == -1 then
    redis.call('XADD', KEYS[1], '*', 'project', ARGV[1], 'content', ARGV[at + 1],
      'stage', ARGV[at + 2], 'fingerprint', ARGV[at + 3], 'part', ARGV[at + 4])
  end
end
return answers
