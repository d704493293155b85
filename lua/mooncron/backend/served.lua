---A local scheduler that runs as a server, as a backend.

local attempt_json <const> = require "mooncron.scheduler.attempt_json"
local core <const> = require "mooncron.core"
local err <const> = require "mooncron.err"
local errors <const> = require "mooncron.api.errors"
local http <const> = require "mooncron.http"
local json <const> = require "mooncron.json"
local recorder <const> = require "mooncron.scheduler.recorder"

local M = {}

---@class mooncron.backend.Served
local Served = { __name = "mooncron.backend.served" }
Served.__index = Served

-- Time that passes at once may have a lot of jobs in it.
local LONG_S <const> = 3600

---@param url string
---@param token string? what the server's requests have to bear
---@param client any? of `core.net`, default the shared one
function M.at(url, token, client)
  return setmetatable({
    url = (url:gsub("/$", "")),
    headers = {
      ["Content-Type"] = "application/json",
      ["Authorization"] = token and "Bearer " .. token,
    },
    client = client,
    recorders = {},
  }, Served)
end

function Served:send(request)
  return http.request({
    method = request.method,
    url = self.url .. request.target,
    headers = self.headers,
    body = request.body,
    timeout = request.timeout,
  }, self.client)
end

function Served:describe()
  return "local scheduler at " .. self.url
end

function Served:close()
  for _, receiver in ipairs(self.recorders) do
    receiver:close()
  end
  self.recorders = {}
end

-- ---- beyond the API ----

-- As in process: what is wrong with the arguments is raised, what the world causes is returned.
local function call(self, method, path, value)
  local response, e = self:send {
    method = method,
    target = path,
    body = value and json.encode(value) or "",
    timeout = LONG_S,
  }
  if not response then
    return nil, e
  elseif response.status ~= 200 then
    e = errors.from_answer(response.status, response.body, response.headers)
    if e.code == "INVALID_ARGUMENT" then
      error(e, 0)
    end
    return nil, e
  end
  return json.decode(response.body)
end

local extras <const> = {}
Served.extras = extras

local function instants_of(answer, e)
  if not answer then
    return nil, e
  end
  return math.tointeger(answer.instants)
end

local function done(answer, e)
  if not answer then
    return nil, e
  end
  return true
end

function extras.advance(self, amount)
  local duration = type(amount) == "number" and ("%.3fs"):format(amount) or amount
  return instants_of(call(self, "POST", "/mooncron/clock:advance", { duration = duration }))
end

function extras.go_to(self, instant)
  local time = math.type(instant) == "integer" and core.time.format(instant, 3) or instant
  return instants_of(call(self, "POST", "/mooncron/clock:goto", { time = time }))
end

function extras.run_due(self)
  return instants_of(call(self, "POST", "/mooncron/scheduler:runDue"))
end

function extras.now_ms(self)
  local answer, e = call(self, "GET", "/mooncron/clock")
  if not answer then
    return nil, e
  end
  return core.time.parse_instant(answer.time)
end

function extras.wait_until_idle(self, timeout)
  return done(call(self, "POST", "/mooncron/scheduler:waitUntilIdle", { timeout = timeout }))
end

function extras.reset(self)
  return done(call(self, "POST", "/mooncron/scheduler:reset"))
end

function extras.fault(self, spec)
  return done(call(self, "POST", "/mooncron/faults", spec))
end

function extras.faults(self)
  local answer, e = call(self, "GET", "/mooncron/faults")
  if not answer then
    return nil, e
  end
  return answer.faults
end

function extras.clear_faults(self)
  return done(call(self, "DELETE", "/mooncron/faults"))
end

-- A server that does not know of them has none.
function extras.exceptions(self)
  local answer, e = call(self, "GET", "/mooncron/exceptions")
  if e and e.code == "NOT_FOUND" then
    return {}
  elseif not answer then
    return nil, e
  end
  return answer.exceptions or {}
end

function extras.set_exceptions(self, name, exceptions)
  return done(call(self, "POST", "/mooncron/exceptions", { job = name, exceptions = exceptions }))
end

function extras.attempts(self, filter)
  filter = filter or {}
  local query = {
    job = filter.job,
    failed = filter.failed and "true" or nil,
    after = not filter.newest and (filter.after_id or 0) or nil,
    limit = filter.limit or 1000,
  }
  local answer, e = call(self, "GET", "/mooncron/attempts?" .. http.query(query))
  if not answer then
    return nil, e
  end
  local rows = {}
  for i, value in ipairs(answer.attempts) do
    rows[i] = attempt_json.from_json(value)
  end
  return rows
end

-- The server is another process: here its requests come through a socket of this one.
function extras.recorder(self, options)
  options = options or {}
  local name = options.name or "r" .. #self.recorders + 1
  local kept
  local receiver, e = http.serve {
    handler = function(request)
      return kept:receive {
        method = request.method,
        path = request.target,
        headers = request.headers,
        body = request.body,
      }
    end,
    host = options.host,
    port = options.port,
  }
  if not receiver then
    return nil, err.new(e.code, "the recorder does not listen", { cause = e })
  end
  kept = recorder.new(name, receiver.url)
  self.recorders[#self.recorders + 1] = receiver
  return kept
end

return M
