---What specs of the local scheduler share: a scheduler in memory whose clock stands still until it is
---moved, and a receiver on 127.0.0.1 that answers as it is told.

local http = require "mooncron.http"
local scheduler = require "mooncron.scheduler"

local M = {}

---2026-10-05T08:00:00Z, a Monday: the instant at which every scheduler of a spec begins.
M.START_MS = 1791187200000
M.PARENT = "projects/p/locations/l"

---Open a scheduler at START_MS.
---@param options table? of mooncron.scheduler
---@param wall table? `wall.ms` is what the system's clock shows
function M.open(options, wall)
  local all = {
    wall_ms = function()
      return wall and wall.ms or M.START_MS
    end,
  }
  for key, value in pairs(options or {}) do
    all[key] = value
  end
  return assert(scheduler.open(all))
end

---A job with an HTTP target.
---@param id string
---@param fields table?
function M.job(id, fields)
  local job = {
    name = M.PARENT .. "/jobs/" .. id,
    schedule = "* * * * *",
    time_zone = "UTC",
    http_target = { uri = "http://127.0.0.1:1/", http_method = "POST" },
  }
  for key, value in pairs(fields or {}) do
    job[key] = value
  end
  return job
end

---A receiver that keeps what arrives in `receiver.requests` and answers by `answer(request, n)`: a
---status, a whole answer, or nil for 200.
function M.receiver(answer)
  local requests = {}
  local server = assert(http.serve {
    handler = function(request)
      requests[#requests + 1] = request
      local given = answer and answer(request, #requests)
      return type(given) == "number" and { status = given } or given
    end,
  })
  return {
    url = server.url,
    requests = requests,
    close = function()
      server:close()
    end,
  }
end

---A store's handle on its database that counts what passes, and fails on demand: `faults.commit`,
---`faults.begin` and `faults.run` are errors to answer with, `faults.run` once for each statement that
---`faults.match` (a plain text) is found in.
function M.faulty(store)
  local real, proxy = store.db, { counts = { begin = 0, commit = 0, run = 0 }, faults = {} }
  local function fail(name, sql)
    local e = proxy.faults[name]
    local hit = e and (not proxy.faults.match or not sql or sql:find(proxy.faults.match, 1, true))
    return hit and e or nil
  end
  setmetatable(proxy, {
    __index = function(_, key)
      return function(_, ...)
        if proxy.counts[key] then
          proxy.counts[key] = proxy.counts[key] + 1
        end
        local e = fail(key, ...)
        if e then
          return nil, e
        end
        return real[key](real, ...)
      end
    end,
  })
  store.db = proxy
  return proxy
end

return M
