---Values that run out, fetched once however many ask. A value is fresh, then stale (still good; one
---refresh runs behind the callers' backs), then gone (callers wait for the one fetch).

local M = {}

M.EARLY_S = 225 -- refresh this long before the end [google-auth-library-python]
M.LAST_S = 10 -- a value this close to its end is as good as gone: it must survive the journey
M.PAUSE_S = 10 -- between refreshes of a stale value that failed

local Cache = { __name = "mooncron.auth.cache" }
Cache.__index = Cache
Cache.__tostring = function()
  return "cache <redacted>"
end

local entries = setmetatable({}, { __mode = "k" }) -- out of the object, so that nothing prints a token

---@param world mooncron.auth.World
function M.new(world)
  local cache = setmetatable({ world = world }, Cache)
  entries[cache] = {}
  return cache
end

-- When to begin refreshing: early, but not before half of a short life is over.
local function refresh_at(now, expires)
  return expires - math.min(M.EARLY_S, (expires - now) // 2)
end

-- One fetch for all. A fetch that dies (a cancelled task) leaves no answer, and waiters start over.
local function fly(cache, entry, fetch)
  local flight = cache.world.event()
  entry.flight = flight
  local _ <close> = setmetatable({}, {
    __close = function()
      entry.flight = nil
      flight:set()
    end,
  })
  local value, expires = fetch()
  local now = cache.world.now()
  flight.done = true
  if value == nil then
    flight.failure, entry.retry_at = expires, now + M.PAUSE_S
    return nil, expires
  end
  entry.value, entry.expires = value, expires
  entry.refresh_at = expires and refresh_at(now, expires)
  flight.value = value
  return value
end

---The value of `key`; `fetch()` gives `value, expires` (seconds; nil: never runs out) or `nil, err`.
---Waits if it must.
---@param key string
---@param fetch fun(): any, any
---@return any? value
---@return mooncron.Err? err
function Cache:get(key, fetch)
  local all = entries[self]
  local entry = all[key] or {}
  all[key] = entry
  while true do
    local now = self.world.now()
    local usable = entry.value ~= nil and (not entry.expires or now < entry.expires - M.LAST_S)
    if usable then
      local due = entry.refresh_at and now >= entry.refresh_at and now >= (entry.retry_at or 0)
      if due and not entry.flight then
        entry.retry_at = now + M.PAUSE_S
        self.world.spawn(function()
          if not entry.flight then
            fly(self, entry, fetch)
          end
        end)
      end
      return entry.value
    end
    local flight = entry.flight
    if not flight then
      return fly(self, entry, fetch)
    end
    flight:wait()
    if flight.done then
      return flight.value, flight.failure
    end
  end
end

---When a value that is there runs out, in seconds since the epoch; nil: never, or it is not there.
---@param key string
---@return integer?
function Cache:expires(key)
  local entry = entries[self][key]
  return entry and entry.expires
end

---Forget a value, say because a server has refused it. With `value` only if it is still that one.
function Cache:drop(key, value)
  local entry = entries[self][key]
  if entry and (value == nil or entry.value == value) then
    entry.value, entry.expires, entry.refresh_at, entry.retry_at = nil, nil, nil, nil
  end
end

---Forget `value` wherever it is.
function Cache:drop_value(value)
  for key in pairs(entries[self]) do
    self:drop(key, value)
  end
end

return M
