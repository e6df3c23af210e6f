-- Many requests on many buckets, in one atomic step. Read beside redis_buckets.py, which packs and unpacks.
-- KEYS: buckets. ARGV[1]: for each bucket its interval (microseconds), quota, and requests owed from an outage; doubles.
-- ARGV[2]: groups of like requests, 16 bits a number: how many requests, how many buckets each meets, and which (from 0).
-- Answers, packed: for each bucket the requests spent (double), for each group how many of its requests may pass.
-- A bucket is one double: the microsecond at which it is full again. The clock is this server's, for all callers.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local kept = redis.call('MGET', unpack(KEYS))
local bucket = {struct.unpack('<' .. string.rep('d', 3 * #KEYS), ARGV[1])}
local group = {struct.unpack('<' .. string.rep('I2', #ARGV[2] / 2), ARGV[2])}
group[#group] = nil -- struct.unpack answers with where it stopped, too
local debt, touched = {}, {}
for i = 1, #KEYS do
  local interval, quota, owed = bucket[3 * i - 2], bucket[3 * i - 1], bucket[3 * i]
  local found = kept[i] and math.max(struct.unpack('<d', kept[i]) - now, 0) or 0
  -- Never more than a whole quota: a server whose clock went back must lock nobody out for longer than a window.
  debt[i] = math.min(found / interval + owed, quota)
  touched[i] = owed > 0
end
local passing, place = {}, 1
while group[place] do
  local granted, first, last = group[place], place + 2, place + 1 + group[place + 1]
  for at = first, last do
    local i = group[at] + 1
    granted = math.min(granted, math.floor(bucket[3 * i - 1] - debt[i] + 0.000001))
  end
  if granted > 0 then
    for at = first, last do
      local i = group[at] + 1
      debt[i], touched[i] = debt[i] + granted, true
    end
  end
  passing[#passing + 1] = math.max(granted, 0)
  place = last + 1
end
for i = 1, #KEYS do
  if touched[i] then
    local missing = debt[i] * bucket[3 * i - 2]
    redis.call('PSETEX', KEYS[i], math.ceil(missing / 1000) + 1, struct.pack('<d', now + missing))
  end
end
local groups = struct.pack('<' .. string.rep('I2', #passing), unpack(passing))
return struct.pack('<' .. string.rep('d', #KEYS), unpack(debt)) .. groups
