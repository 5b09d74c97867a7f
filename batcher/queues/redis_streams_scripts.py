"""What the queue does in Redis, as Lua scripts: each is one step that nobody sees half done.

KEYS of all: stream, dead letters; so a cluster that has them on two nodes refuses the first one.
ARGV of all begins with the group.
"""

_CONSUMERS = """
-- name, pending and idle (ms) of each consumer
local function consumers()
  local all = {}
  for _, fields in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
    local consumer = {}
    for i = 1, #fields, 2 do consumer[fields[i]] = fields[i + 1] end
    all[#all + 1] = consumer
  end
  return all
end
-- no name of a host has an = in it, and so no consumer's
local function is_mark(name) return string.sub(name, 1, 5) == 'mark=' end
"""

_TAKE = """
local taken, wanted = {}, tonumber(ARGV[3])
-- Assigns an entry to ARGV[2]. One that was deleted while it was pending is pending no more.
local function take(id, deliveries)
  local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
  if not entry then
    redis.call('XACK', KEYS[1], ARGV[1], id)
  else
    redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, id, 'RETRYCOUNT', deliveries, 'JUSTID')
    taken[#taken + 1] = {id, entry[2], deliveries}
  end
end
"""

FOUND = (
    _CONSUMERS
    + """
-- ARGV: name of a mark; '': make nothing. Makes stream and group where they are not there.
-- Returns the mark of the group, which goes with it; '': it has none; nil: there is no group.
if ARGV[2] ~= '' then
  local made = redis.pcall('XGROUP', 'CREATE', KEYS[1], ARGV[1], '0', 'MKSTREAM')
  if made.err and not string.find(made.err, 'BUSYGROUP') then return made end
else
  if redis.call('EXISTS', KEYS[1]) == 0 then return false end
  local there = false
  for _, fields in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
    for i = 1, #fields, 2 do there = there or fields[i] == 'name' and fields[i + 1] == ARGV[1] end
  end
  if not there then return false end
end
for _, consumer in ipairs(consumers()) do
  if is_mark(consumer.name) then return consumer.name end
end
if ARGV[2] ~= '' then redis.call('XGROUP', 'CREATECONSUMER', KEYS[1], ARGV[1], ARGV[2]) end
return ARGV[2]
"""
)

TEND = (
    _CONSUMERS
    + """
-- ARGV: consumer, name of the released, mark, idle ms. Takes the names off the group that hold
-- nothing and were not used for so long; returns whether the group is the one with that mark.
local marked = 0
for _, consumer in ipairs(consumers()) do
  local name = consumer.name
  if name == ARGV[4] then marked = 1 end
  local kept = name == ARGV[2] or name == ARGV[3] or is_mark(name)
  if not kept and consumer.pending == 0 and consumer.idle >= tonumber(ARGV[5]) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], name)
  end
end
return marked
"""
)

CLAIM = (
    _TAKE
    + """
-- ARGV: consumer, how many, idle ms. Entries that nobody kept for so long, the oldest first.
local start = '-'
repeat
  local count = wanted - #taken
  local found = redis.call('XPENDING', KEYS[1], ARGV[1], 'IDLE', ARGV[4], start, '+', count)
  for _, entry in ipairs(found) do
    take(entry[1], entry[4] + 1)
    start = '(' .. entry[1]
  end
until #found < count or #taken == wanted
return taken
"""
)

RECOVER = (
    _TAKE
    + """
-- ARGV: consumer, how many, and the entries that it knows of. What it was given without its
-- knowledge, as the reply was lost: that was no delivery.
local known = {}
for i = 4, #ARGV do known[ARGV[i]] = true end
local count = wanted + #ARGV - 3
for _, entry in ipairs(redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', count, ARGV[2])) do
  if not known[entry[1]] and #taken < wanted then take(entry[1], entry[4]) end
end
return taken
"""
)

REASSIGN = """
-- ARGV: from, and consumer, idle ms and id of each. Assigns those that `from` has; their counts of
-- deliveries stay. Returns 1 for each that was assigned, else 0.
local moved = {}
for i = 3, #ARGV, 3 do
  local id = ARGV[i + 2]
  local count = #redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1, ARGV[2])
  if count > 0 then
    count = #redis.call(
      'XCLAIM', KEYS[1], ARGV[1], ARGV[i], 0, id, 'IDLE', ARGV[i + 1], 'JUSTID')
  end
  moved[#moved + 1] = count
end
return moved
"""

ACKNOWLEDGE = """
-- ARGV: consumer, ids. Takes those that `consumer` has out of the stream.
for i = 3, #ARGV do
  if #redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[i], ARGV[i], 1, ARGV[2]) > 0 then
    redis.call('XACK', KEYS[1], ARGV[1], ARGV[i])
    redis.call('XDEL', KEYS[1], ARGV[i])
  end
end
return 0
"""

BURY = """
-- ARGV: consumer, id, and fields and values of a dead letter. Nothing, unless `consumer` has it.
if #redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[3], ARGV[3], 1, ARGV[2]) == 0 then return 0 end
redis.call('XADD', KEYS[2], '*', unpack(ARGV, 4))
redis.call('XACK', KEYS[1], ARGV[1], ARGV[3])
return redis.call('XDEL', KEYS[1], ARGV[3])
"""

LEAVE = """
-- ARGV: consumer. Deleting a consumer that has entries would lose them.
if #redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[2]) == 0 then
  redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
end
return 0
"""

SEND = """
-- KEYS also: how far a sending came. ARGV: the line of the last body, seconds to remember that,
-- and bodies, put in as they come; where the stream is gone, none, and the error of a group.
for i = 4, #ARGV do
  if not redis.call('XADD', KEYS[1], 'NOMKSTREAM', '*', 'body', ARGV[i]) then
    return redis.error_reply('NOGROUP the stream is gone')
  end
end
redis.call('SET', KEYS[3], ARGV[2], 'EX', ARGV[3])
return #ARGV - 3
"""

REDRIVE = """
-- ARGV: id of a dead letter, and fields and values of its entry. Nothing where it is back already.
if #redis.call('XRANGE', KEYS[2], ARGV[2], ARGV[2]) == 0 then return 0 end
if not redis.call('XADD', KEYS[1], 'NOMKSTREAM', '*', unpack(ARGV, 3)) then
  return redis.error_reply('NOGROUP the stream is gone')
end
return redis.call('XDEL', KEYS[2], ARGV[2])
"""

DEPTH = (
    _CONSUMERS
    + """
-- ARGV: name of the released. Returns length, how many are held, dead letters, time, oldest entry.
local held = 0
for _, consumer in ipairs(consumers()) do
  if consumer.name ~= ARGV[2] then held = held + consumer.pending end
end
local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
local length, dead = redis.call('XLEN', KEYS[1]), redis.call('XLEN', KEYS[2])
return {length, held, dead, redis.call('TIME')[1], oldest and oldest[1] or false}
"""
)
