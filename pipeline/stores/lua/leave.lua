#!lua flags=allow-oom
-- Forget a reader that reads no more, and those that died: only one that holds nothing, since what
-- it holds would go with it. A living reader that is forgotten is made anew when it reads.
-- KEYS: queue
-- ARGV: consumer group, the reader, milliseconds after which another one is dead
-- Returns how many were forgotten.
local readers = redis.pcall('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])
if readers.err then
  return 0
end
local forgotten = 0
for _, reader in ipairs(readers) do
  local of = {}
  for i = 1, #reader, 2 do
    of[reader[i]] = reader[i + 1]
  end
  if of.pending == 0 and (of.name == ARGV[2] or of.idle >= tonumber(ARGV[3])) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], of.name)
    forgotten = forgotten + 1
  end
end
return forgotten
