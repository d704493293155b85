---The local scheduler: jobs in a file, the API in front of them, and a dispatcher that fires them.

local core <const> = require "mooncron.core"
local clock <const> = require "mooncron.scheduler.clock"
local dispatcher <const> = require "mooncron.scheduler.dispatcher"
local duration <const> = require "mooncron.duration"
local err <const> = require "mooncron.err"
local http <const> = require "mooncron.http"
local jobs <const> = require "mooncron.scheduler.jobs"
local router <const> = require "mooncron.scheduler.router"
local store <const> = require "mooncron.scheduler.store"
local task <const> = require "mooncron.task"
local tokens <const> = require "mooncron.scheduler.tokens"

local M = {}

---@class mooncron.Scheduler
---@field folder string?
local Scheduler = { __name = "mooncron.scheduler" }
Scheduler.__index = Scheduler

---The folder of the user's data: $XDG_DATA_HOME/mooncron, else ~/.local/share/mooncron.
---@param env fun(name: string): string?
---@return string?
---@return mooncron.Err?
function M.default_folder(env)
  local base = env("XDG_DATA_HOME")
  if base and base ~= "" then
    return base .. "/mooncron"
  end
  local home = env("HOME")
  if not home or home == "" then
    return nil, err.new("FAILED_PRECONDITION",
      "no folder for the data: set XDG_DATA_HOME or HOME, or name one")
  end
  return home .. "/.local/share/mooncron"
end

---@class mooncron.SchedulerOptions
---@field folder string? where the data is kept; nil: in memory
---@field back_off "recorded"|"documented"|nil default recorded
---@field catch_up "none"|"last"|"all"|nil slots that passed while nothing ran; default last
---@field catch_up_window number? seconds, default 3600: how late `last` still makes one up
---@field pubsub_endpoint string?
---@field app_engine table<string, string>?
---@field auth "local"|"gcp"|nil whose tokens targets receive; default local: of our own issuer
---@field issuer string? URL that local tokens carry as `iss`; default that of the server
---@field wall_ms (fun(): integer)? the system's clock, replaced in tests

-- Random bytes that nobody can guess, in hexadecimal.
local function random_hex(count)
  local file <close> = assert(io.open("/dev/urandom", "rb"))
  return (file:read(count):gsub(".", function(byte)
    return ("%02x"):format(byte:byte())
  end))
end

local function tokens_of(options)
  if options.auth == "gcp" then
    return tokens.gcp()
  end
  return tokens.new {
    folder = options.folder,
    issuer = options.issuer,
    now = function()
      return core.loop.wall_ms() // 1000
    end,
    random = random_hex,
  }
end

---Open the data and get ready; nothing fires before `start`, `advance` or `run_due`.
---@param options mooncron.SchedulerOptions
---@return mooncron.Scheduler?
---@return mooncron.Err?
function M.open(options)
  local path = ":memory:"
  if options.folder then
    local ok, e = core.fs.mkdirs(options.folder)
    if not ok then
      return nil, e
    end
    path = options.folder .. "/scheduler.db"
  end
  local file, e = store.open(path)
  if not file then
    return nil, e
  end
  local self = setmetatable({
    folder = options.folder,
    store = file,
    clock = clock.new(options.wall_ms or core.loop.wall_ms),
  }, Scheduler)
  self.jobs = jobs.new {
    store = file,
    clock = self.clock,
    random = function()
      return math.random(10 ^ 18 // 1 | 0)
    end,
    on_due = function()
      self.dispatcher:poke()
    end,
  }
  self.tokens = tokens_of(options)
  self.dispatcher = dispatcher.new {
    store = file,
    jobs = self.jobs,
    clock = self.clock,
    back_off = options.back_off or "recorded",
    catch_up = options.catch_up or "last",
    catch_up_window_ms = math.floor((options.catch_up_window or 3600) * 1000),
    token = function(target)
      return self.tokens:token(target)
    end,
    pubsub_endpoint = options.pubsub_endpoint,
    app_engine = options.app_engine,
  }
  local ok
  ok, e = self.dispatcher:recover()
  if not ok then
    file:close()
    return nil, e
  end
  return self
end

-- A mistake of ours is answered too, and what the request has left half done is undone.
local function answer(self, request)
  local ok, response = pcall(function()
    return self.tokens:answer(request) or router.handle(self.jobs, request)
  end)
  if ok then
    return response
  end
  local e = err.is(response) and response or err.new("INTERNAL", tostring(response))
  self.store:fail(e)
  return router.failure(e)
end

---Answer a request of the API. Never waits; `respond(response)` is called once what it changed is
---durable, at once when it changed nothing.
---@param request { method: string, target: string, body: string }
---@param respond fun(response: { status: integer, headers: table, body: string })
function Scheduler:handle(request, respond)
  if not self.store.db then
    return respond(router.failure(err.new("FAILED_PRECONDITION", "the scheduler is closed")))
  end
  local response = answer(self, request)
  self.store:after_commit(function(e)
    respond(e and router.failure(e) or response)
  end)
end

-- ---- time ----

---Fire on the flowing clock, in the background, until `stop`.
function Scheduler:start()
  if not self.firing then
    self.firing = task.spawn(self.dispatcher.run, self.dispatcher)
  end
end

---Start nothing new, and wait for what is on its way, at most `grace` seconds.
---@param grace number
---@return boolean all ended
function Scheduler:stop(grace)
  if self.firing then
    self.firing:cancel()
    self.firing = nil
  end
  local _, e = task.with_timeout(grace, self.dispatcher.wait_until_idle, self.dispatcher)
  return e == nil
end

---The scheduler's present.
---@return integer ms since the epoch, UTC
function Scheduler:now_ms()
  return self.clock:now_ms()
end

---Let time pass at once: every job that falls due in it is really sent, in the order of time, and
---its retries with it. Waits until all of it has ended.
---@param amount string|number "1h", "1d", or seconds
---@return integer instants at which something fired
function Scheduler:advance(amount)
  local nanoseconds, e = duration.parse(amount)
  if not nanoseconds then
    error(e, 2)
  elseif nanoseconds < 0 then
    error("time only moves forward: " .. tostring(amount), 2)
  end
  return self.dispatcher:advance(nanoseconds // 1000000)
end

---Send what is due just now, as after `run_job`, and wait for its end.
function Scheduler:run_due()
  return self.dispatcher:advance(0)
end

---Attempts, the oldest first.
---@param filter { job: string?, after_id: integer?, limit: integer? }?
function Scheduler:attempts(filter)
  return self.store:attempts(filter or {})
end

function Scheduler:close()
  if self.store.db then
    if self.firing then
      self.firing:cancel()
    end
    self.dispatcher:close()
    self.store:close()
  end
end
Scheduler.__close = Scheduler.close

-- ---- serving ----

---Serve the API on an address.
---@param options { host: string?, port: integer? }
---@return table? server of the core, with `close`, `port`, `quiesce`
---@return mooncron.Err?
function Scheduler:listen(options)
  local server, e = core.net.server(task.loop(), {
    host = options.host or "127.0.0.1",
    port = options.port or 0,
    max_body = 2 << 20, -- a job is at most 1 MB, its bytes in base64
  })
  if not server then
    return nil, e
  end
  local host = (options.host or "127.0.0.1"):gsub("^(.*:.*)$", "[%1]")
  self.tokens:set_default_issuer(("http://%s:%d"):format(host, server:port()))
  task.on_event(server:key(), function(request)
    self:handle(request, function(response)
      server:reply(request.id, response.status, http.flat_headers(response.headers), response.body)
    end)
  end)
  return server
end

return M
