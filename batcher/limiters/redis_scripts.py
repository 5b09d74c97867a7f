"""The shared bucket as Redis keeps it: scripts that reserve, send a heartbeat and leave.

Each is one atomic step, by Redis's own clock only: a worker is told how long from now, and tells
how long ago. One hash holds the state, a stream what was reserved and what became of it, a sorted
set the members, a key the leader; a second hash what each member may take alone.

Of members that ask at the same time the more urgent takes nearly all tokens, however many others
there are. Members of versions that know no urgency ask as before, and are not held back.

A member that Redis hears nothing of is dead, or it can't reach Redis and goes on alone. Nobody can
tell, so a ceiling is kept for both: the others leave its share to it, for as long as it takes that.
"""

# seconds: a reservation further ahead is looked at again before it is used, as the pace may change
FINAL_WITHIN = 0.1
CATCH_UP = 0.025  # seconds that a late request is forgiven, as by the estimate of one process
THROTTLE_STOP = 0.3  # seconds that a throttle stops everybody, unless the leader has seen it before
RETRY_STOPPED = 0.02  # seconds after which who was stopped by a throttle asks again
RETRY_PAUSED = 0.1  # seconds after which who waits for a pause asks again: it may end sooner
MEMBER_TIMEOUT = 3.0  # seconds without a heartbeat after which a member counts as dead
LEADER_LEASE = 1.5  # seconds that the lead lasts without a heartbeat
# seconds without any heartbeat: those who worked on alone then come back at the same moment
OUTAGE = 1.5
REOPEN_IN = 0.75  # seconds until that moment: all have asked again by then
# seconds without a heartbeat after which the others leave a member its share of the ceiling; it
# begins to take that no sooner
SILENT_AFTER = 1.5
HALVED_EVERY = 300.0  # seconds after which what a member takes alone is halved, again and again
LEAST_PART = 1 / 16  # of its share, that is not halved any more
FEWEST = 2  # members that a ceiling is divided by at least: another one may come meanwhile
URGENT_FOR = 1.0  # seconds without asking for a token after which a member is urgent no more
# seconds that a token is left to who is urgent, once it is there: to ask for it takes a moment
KEPT_FOR = 0.02
# seconds, half of it more or less, after which who is less urgent asks again, by when a token may
# be left to it
RETRY_BEHIND_LEAST, RETRY_BEHIND_MOST = 0.05, 0.2
AHEAD_OF_ONE = 9  # tokens that the urgent take before one of the others has one, left or not
LOG_LENGTH = 10_000  # entries of the log: half a minute at 300 a second
FORGOTTEN = 30 * 24 * 3600  # seconds without use after which a quota is forgotten
LOG_FORGOTTEN = 3600  # seconds without use after which its log and its members are

_PRELUDE = """
local names = {'epoch', 'number', 'cut', 'cut_at', 'braked', 'last', 'full', 'width', 'rate',
  'basis', 'resume', 'brake', 'open', 'seen', 'at', 'skew', 'ceiling', 'urgency',
  'urgent_until', 'ahead'}
local known, s = redis.call('HMGET', KEYS[1], unpack(names)), {}
for i, name in ipairs(names) do  -- rate -1: none is published
  s[name] = tonumber(known[i]) or (name == 'rate' and -1 or 0)
end
-- Time never goes back: what the clock was set back by, or is behind after a failover, is added.
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1e6 + s.skew
if now < s.at then s.skew, now = s.skew + s.at - now, s.at end
s.at = now
local fresh = s.epoch == 0
if fresh then s.epoch, s.last = now, now end  -- nothing is known of it: it begins empty
local ours = not fresh and string.format('%.6f', s.epoch) == ARGV[1]

local function text(number) return string.format('%.6f', number) end

local function log(event)
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', LOG_LENGTH, '*', 'e', event)
end

-- Makes reservations further ahead void; who holds one finds out when he looks again.
local function make_cut()
  s.cut, s.cut_at = s.cut + 1, now
  s.last = math.min(s.last, now + FINAL_WITHIN)
  if s.full > 0 then s.full = math.min(s.full, now + FINAL_WITHIN + s.width) end
  log(string.format('["c",%d,%.6f]', s.cut, now))
end

-- Takes reports. A throttle of a request that was reserved since everybody was stopped last stops
-- everybody.
local function take_reports(throttled, reports)
  if not ours then return end
  if reports ~= '' then log(string.format('["t",%.6f,%s]', now, reports)) end
  if throttled >= s.braked then
    make_cut()
    s.braked, s.brake = s.cut, now + THROTTLE_STOP
  end
end

-- Of each member: share that it was told, when it was heard of, its ceiling (0: none), that one's
-- capacity.
local function read_members()
  local all, fields = {}, redis.call('HGETALL', KEYS[5])
  for i = 1, #fields, 2 do
    local share, seen, ceiling, capacity = string.match(fields[i + 1], '(%S+) (%S+) (%S+) (%S+)')
    all[fields[i]] = {share = tonumber(share), seen = tonumber(seen),
      ceiling = tonumber(ceiling), capacity = tonumber(capacity)}
  end
  return all
end

local function is_silent(member) return now - member.seen > SILENT_AFTER end

-- The part of the rate that a member may be taking alone.
local function taken_alone(member)
  local halvings = math.floor((now - member.seen) / HALVED_EVERY)
  return member.share * math.max(LEAST_PART, 0.5 ^ halvings)
end

-- The lowest ceiling of all members and its capacity, less what the silent ones take of it.
local function common_ceiling(members, ceiling, capacity)
  local alone = 0
  for _, member in pairs(members) do
    if member.ceiling > 0 and (ceiling == 0 or member.ceiling < ceiling) then
      ceiling, capacity = member.ceiling, member.capacity
    end
    if is_silent(member) then alone = alone + taken_alone(member) end
  end
  return ceiling, capacity, math.min(1, alone)
end

local function save()
  local state = {}
  for _, name in ipairs(names) do
    state[#state + 1] = name
    state[#state + 1] = text(s[name])
  end
  redis.call('HSET', KEYS[1], unpack(state))
  -- here, as a process may end before its first heartbeat
  redis.call('EXPIRE', KEYS[1], FORGOTTEN)
  redis.call('EXPIRE', KEYS[2], LOG_FORGOTTEN)
end
"""

_RESERVE = """
-- ARGV: epoch, newest cut of a throttled one or -1, reports; rate while none is published, ceiling,
-- its capacity; number, cut and time of a reservation that is held, number 0 for none; name,
-- urgency.
take_reports(tonumber(ARGV[2]), ARGV[3])
local urgency = tonumber(ARGV[11])
if s.urgent_until <= now or
  urgency < s.urgency and redis.call('HGET', KEYS[1], 'urgent_by') == ARGV[10] then
  s.urgency, s.ahead = 0, 0
end
if urgency > s.urgency then
  s.urgency = urgency
  if s.last > now + FINAL_WITHIN then make_cut() end  -- the places of those who came before
end
if urgency > 0 and urgency == s.urgency then
  s.urgent_until = now + URGENT_FOR
  redis.call('HSET', KEYS[1], 'urgent_by', ARGV[10])
end
local behind = urgency < s.urgency
local lowest, capacity, alone =
  common_ceiling(read_members(), tonumber(ARGV[5]), tonumber(ARGV[6]))
local ceiling = lowest * (1 - alone)
local number, cut, at = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local rate = s.rate < 0 and tonumber(ARGV[4]) or s.rate
local stopped = math.max(s.brake, s.open)
local plan = s.resume
if rate > 0 then plan = math.max(plan, s.last + 1 / rate) end
-- what is missing in the bucket stays as many tokens
local full = math.max(0, s.full - now)
if ceiling > 0 and s.ceiling > 0 then full = full * s.ceiling / ceiling end
full = now + full
local left_at = plan + KEPT_FOR  -- when a token is left to who is less urgent
if ceiling > 0 then left_at = math.max(left_at, full + (1 - capacity) / ceiling + KEPT_FOR) end
if number > 0 and ours and (cut == s.cut or at <= s.cut_at + FINAL_WITHIN) then
  at = math.max(at, s.resume)
elseif stopped > now then
  number, at = 0, s.open > now and stopped or math.min(stopped, now + RETRY_STOPPED)
elseif lowest > 0 and alone > 0.999 then  -- others that are silent may take all of it
  number, at = 0, now + RETRY_PAUSED
elseif s.resume > now + FINAL_WITHIN then
  number, at = 0, math.min(s.resume - FINAL_WITHIN, now + RETRY_PAUSED)
elseif behind and s.ahead < AHEAD_OF_ONE and left_at > now then
  number = 0
  local wait = math.max(RETRY_BEHIND_LEAST, math.min(left_at - now, RETRY_BEHIND_MOST))
  -- by chance, so that of several who ask at the same time not always the same one is in luck
  at = now + wait * (0.5 + (now * 1e6) % 97 / 97)
else
  s.ahead = behind and 0 or s.ahead + 1
  at = math.max(now, plan)
  if ceiling > 0 then
    if s.ceiling > 0 then s.full = full end
    s.width, s.ceiling = capacity / ceiling, ceiling
    if s.full == 0 then s.full = now + s.width end
    at = math.max(at, s.full - s.width + 1 / ceiling)
    s.full = math.max(s.full, at) + 1 / ceiling
  end
  s.last = math.max(plan, at - CATCH_UP)
  s.number = s.number + 1
  number, cut = s.number, s.cut
  local prompt = (rate == 0 or plan >= at - CATCH_UP) and 'true' or 'false'
  log(string.format('["g",%d,%.6f,%.6f,%.6f,%s]', number, now, at, rate, prompt))
end
save()
return {text(s.epoch), number, cut, text(at), text(at - now), text(rate)}
"""

_HEARTBEAT = """
-- ARGV: epoch, newest cut of a throttled one or -1, reports; name, whether he was away, newest
-- entry read or ''; cut that he has seen, rate (0: nothing is held back; '': nothing to publish),
-- resume, what was learned; ceiling or 0, its capacity; the share that he knows of; requests a
-- second that he has sent lately; members that he knows to be dead.
take_reports(tonumber(ARGV[2]), ARGV[3])
local members = read_members()
for i = 15, #ARGV do
  if members[ARGV[i]] and is_silent(members[ARGV[i]]) then members[ARGV[i]].forgotten = true end
end
-- what is told to all together is at no time more than all
local me = {share = 0, seen = now, ceiling = tonumber(ARGV[11]), capacity = tonumber(ARGV[12])}
members[ARGV[4]] = me
local alive, told, alone, silent = 0, 0, 0, {}
for name, member in pairs(members) do
  if member.forgotten or now - member.seen > LOG_FORGOTTEN then
    redis.call('HDEL', KEYS[5], name)
    members[name] = nil
  elseif is_silent(member) then
    alone, silent[#silent + 1] = alone + taken_alone(member), name
  else
    alive, told = alive + 1, told + member.share
  end
end
me.share = math.max(0, math.min((1 - alone) / math.max(alive, FEWEST - #silent), 1 - alone - told))
-- the reply may be lost: then he takes what he knows of
local kept = math.max(me.share, tonumber(ARGV[13]))
redis.call('HSET', KEYS[5], ARGV[4],
  text(kept) .. ' ' .. text(now) .. ' ' .. text(me.ceiling) .. ' ' .. text(me.capacity) .. ' ' ..
  text(tonumber(ARGV[14])))
local ceiling = common_ceiling(members, 0, 0)
redis.call('ZADD', KEYS[3], text(now), ARGV[4])
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', text(now - MEMBER_TIMEOUT))
if ARGV[5] == '1' and now - s.seen > OUTAGE then s.open = now + REOPEN_IN end
s.seen = now
local leader = redis.call('GET', KEYS[4])
-- the key may outlive its time when the clock is set back
local late = leader and members[leader] and now - members[leader].seen > LEADER_LEASE
local leading = not leader or leader == ARGV[4] or late
if leading then redis.call('SET', KEYS[4], ARGV[4], 'PX', LEADER_LEASE * 1000) end
local entries, newest = {}, ''
if leading and ours and ARGV[8] ~= '' then
  s.rate, s.resume = tonumber(ARGV[8]), tonumber(ARGV[9])
  if tonumber(ARGV[7]) >= s.braked then s.brake = 0 end
  if s.last <= now + FINAL_WITHIN then
    s.basis = s.rate
  elseif s.rate > 1.2 * s.basis then
    -- who stands far back in the line must not wait as long as it took before
    make_cut()
    s.basis = s.rate
  end
  redis.call('HSET', KEYS[1], 'learned', ARGV[10])
end
if leading and ARGV[6] ~= '' then
  local read = redis.call('XREAD', 'COUNT', 1000, 'STREAMS', KEYS[2], ARGV[6])
  for _, entry in ipairs(read and read[1][2] or {}) do
    newest = entry[1]
    entries[#entries + 1] = entry[2][2]
  end
elseif leading then
  local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
  newest = last[1] and last[1][1] or '0-0'
end
save()
redis.call('EXPIRE', KEYS[3], LOG_FORGOTTEN)
redis.call('EXPIRE', KEYS[5], LOG_FORGOTTEN)
local learned = redis.call('HGET', KEYS[1], 'learned') or ''
return {text(s.epoch), text(now), redis.call('ZCARD', KEYS[3]), leading and 1 or 0, newest, entries,
  s.cut, text(s.open - now), learned, text(now - s.last), text(s.rate), text(me.share),
  text(ceiling), silent}
"""

_LEAVE = """
-- ARGV: epoch, newest cut of a throttled one or -1, reports; name.
take_reports(tonumber(ARGV[2]), ARGV[3])
redis.call('ZREM', KEYS[3], ARGV[4])
redis.call('HDEL', KEYS[5], ARGV[4])
if redis.call('HGET', KEYS[1], 'urgent_by') == ARGV[4] then s.urgency = 0 end
if redis.call('GET', KEYS[4]) == ARGV[4] then redis.call('DEL', KEYS[4]) end
if not fresh then save() end
return 0
"""

_MEMBERS = """
-- Changes nothing. Of each member: name, seconds since it was heard of, its rate or ''.
local found, fields = {}, redis.call('HGETALL', KEYS[5])
for i = 1, #fields, 2 do
  local _, seen, _, _, rate = string.match(fields[i + 1], '(%S+) (%S+) (%S+) (%S+) ?(%S*)')
  found[#found + 1] = {fields[i], text(math.max(0, now - tonumber(seen))), rate}
end
return {redis.call('GET', KEYS[4]) or '', found}
"""


def _script(body: str) -> str:
    """A whole script, in which the numbers of this file are known by their names."""
    numbers = {
        name: value
        for name, value in globals().items()
        if name.isupper() and isinstance(value, int | float)
    }
    head = f"local {', '.join(numbers)} = {', '.join(map(str, numbers.values()))}"
    return head + _PRELUDE + body


RESERVE, HEARTBEAT, LEAVE = _script(_RESERVE), _script(_HEARTBEAT), _script(_LEAVE)
MEMBERS = _script(_MEMBERS)
