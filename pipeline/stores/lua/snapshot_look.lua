#!lua flags=allow-oom
-- Read what a snapshot says around a chunk, and let it live on.
-- KEYS: the snapshot
-- ARGV: its hash; seconds to live; how many chunks; what begins a chunk's field; how many buckets;
--   their fields; then other fields
-- Returns fields and values, of what is there: the fields, and so many chunks, those that stand in
-- most of the buckets, what comes first there first. Nothing if this snapshot is not there, whole.
if redis.pcall('HGET', KEYS[1], '@whole') ~= ARGV[1] then
  return false
end
redis.call('EXPIRE', KEYS[1], ARGV[2])
local answer = {}
local function read(first, last, take)
  for from = first, last, 1000 do
    local to = math.min(from + 999, last)
    local values = redis.call('HMGET', KEYS[1], unpack(ARGV, from, to))
    for i = from, to do
      local value = values[i - from + 1]
      if value then
        take(ARGV[i], value)
      end
    end
  end
end

local shared, numbers = {}, {}
local others = 6 + tonumber(ARGV[5])
read(6, others - 1, function(_, value)
  for _, number in ipairs(cjson.decode(string.sub(value, 2)).chunks) do
    local times = shared[number]
    if not times then
      numbers[#numbers + 1] = number
    end
    shared[number] = (times or 0) + 1
  end
end)
local groups = {}
for _, number in ipairs(numbers) do
  local times = shared[number]
  local group = groups[times]
  if group then
    group[#group + 1] = number
  else
    groups[times] = { number }
  end
end
local near, room = {}, tonumber(ARGV[3])
for times = tonumber(ARGV[5]), 1, -1 do
  for _, number in ipairs(groups[times] or {}) do
    if #near == room then
      break
    end
    near[#near + 1] = ARGV[4] .. string.format('%d', number)
  end
end
local function put(field, value)
  answer[#answer + 1] = field
  answer[#answer + 1] = value
end
if #near > 0 then
  local values = redis.call('HMGET', KEYS[1], unpack(near))
  for i = 1, #near do
    if values[i] then
      put(near[i], values[i])
    end
  end
end
read(others, #ARGV, put)
return answer
