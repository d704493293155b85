---The local scheduler: jobs in a file, the API in front of them, and a dispatcher that fires them.

local admin <const> = require "mooncron.scheduler.admin"
local core <const> = require "mooncron.core"
local clock <const> = require "mooncron.scheduler.clock"
local dispatcher <const> = require "mooncron.scheduler.dispatcher"
local duration <const> = require "mooncron.duration"
local err <const> = require "mooncron.err"
local exceptions <const> = require "mooncron.scheduler.exceptions"
local jobs <const> = require "mooncron.scheduler.jobs"
local log <const> = require "mooncron.scheduler.log"
local metrics <const> = require "mooncron.scheduler.metrics"
local note <const> = require "mooncron.scheduler.note"
local router <const> = require "mooncron.scheduler.router"
local server <const> = require "mooncron.scheduler.server"
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

---Where Pub/Sub's emulator is, as its own clients find it (PUBSUB_EMULATOR_HOST).
---@param env fun(name: string): string?
---@return string? url
function M.pubsub_endpoint(env)
  local host = env("PUBSUB_EMULATOR_HOST")
  if host and host ~= "" then
    return host:find("^https?://") and host or "http://" .. host
  end
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
---@field clock "real"|"virtual"|nil virtual: time stands still until it is advanced; default real
---@field max_attempts integer? attempts kept, default 100,000
---@field max_attempt_age string|number? how long, default "30d"
---@field log mooncron.scheduler.Log? default: errors to standard error, and nothing else
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

-- A duration that the caller gives; a wrong one is his mistake.
local function milliseconds(value)
  local nanoseconds, e = duration.parse(value)
  if not nanoseconds then
    error(e, 3)
  elseif nanoseconds < 0 then
    error(err.new("INVALID_ARGUMENT", ("'%s' is less than nothing"):format(value)), 3)
  end
  return nanoseconds // 1000000
end

local function store_of(options)
  local path = ":memory:"
  if options.folder then
    local ok, e = core.fs.mkdirs(options.folder)
    if not ok then
      return nil, e
    end
    path = options.folder .. "/scheduler.db"
  end
  return store.open(path, {
    max_attempts = options.max_attempts,
    max_attempt_age_ms = options.max_attempt_age and milliseconds(options.max_attempt_age),
    is_simulated = options.clock == "virtual", -- years pass at once: no disk is waited for
  })
end

-- A virtual clock goes on from where it was left, as far as what is stored tells.
local function clock_of(options, file)
  local made = clock.new(options.wall_ms or core.loop.wall_ms, options.clock == "virtual")
  if made.is_virtual then
    made:set(math.max(made:now_ms(), file:latest_ms()))
  end
  return made
end

local function default_log()
  return log.new { quiet = true, write = function(line) io.stderr:write(line) end }
end

local function dispatcher_of(self, options)
  return dispatcher.new {
    store = self.store,
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
    on_due = function(...)
      self.metrics:came_due(...)
    end,
    on_attempt = function(attempt)
      self.metrics:attempted(attempt)
      if options.log then
        log.attempt(options.log, attempt)
      end
    end,
    say = function(text)
      self.log("ERROR", (text:gsub("^mooncron: ", ""):gsub("\n$", "")))
    end,
  }
end

---Open the data and get ready; nothing fires before `start`, `advance` or `run_due`.
---@param options mooncron.SchedulerOptions
---@return mooncron.Scheduler?
---@return mooncron.Err?
function M.open(options)
  local file, e = store_of(options)
  if not file then
    return nil, options.folder and note.explain(e, options.folder .. "/scheduler.db") or e
  end
  local self = setmetatable({
    folder = options.folder,
    instance = random_hex(16),
    store = file,
    clock = clock_of(options, file),
    log = options.log or default_log(),
    metrics = metrics.new(),
    waiting = { tasks = {}, count = 0 }, -- requests of our own endpoints
  }, Scheduler)
  self.jobs = jobs.new {
    store = file,
    clock = self.clock,
    random = function()
      return math.random(10 ^ 18 // 1 | 0)
    end,
    on_due = function(due_ms)
      self.dispatcher:poke(due_ms)
    end,
  }
  self.tokens = tokens_of(options)
  self.dispatcher = dispatcher_of(self, options)
  local ok
  ok, e = file:prune_attempts(self.clock:now_ms())
  if ok then
    ok, e = self.dispatcher:recover()
  end
  if not ok then
    file:close()
    return nil, e
  end
  return self
end

-- Outside of the API: whether the server is there, and which one it is.
local function health(self, request)
  if request.target:find("^/healthz$") or request.target:find("^/healthz%?") then
    local headers = { ["Content-Type"] = "text/plain", [note.HEADER] = self.instance }
    return { status = 200, headers = headers, body = "ok\n" }
  end
end

-- A mistake of ours is answered too, and what the request has left half done is undone.
local function answer(self, request)
  local ok, response = pcall(function()
    return health(self, request) or self.tokens:answer(request) or router.handle(self.jobs, request)
  end)
  if ok then
    return response
  end
  local e = err.is(response) and response or err.new("INTERNAL", tostring(response))
  self.store:fail(e)
  return router.failure(e)
end

---Answer a request of the API, or one of our own below /mooncron/. Never waits; `respond(response)` is
---called once what it changed is durable, at once when it changed nothing.
---@param request { method: string, target: string, body: string }
---@param respond fun(response: { status: integer, headers: table, body: string })
function Scheduler:handle(request, respond)
  if not self.store.db then
    return respond(router.failure(err.new("FAILED_PRECONDITION", "the scheduler is closed")))
  elseif admin.handle(self, request, respond) then
    return
  end
  local response = answer(self, request)
  self.store:after_commit(function(e)
    respond(e and router.failure(e) or response)
  end)
end

Scheduler.set_exceptions, Scheduler.exceptions = exceptions.set, exceptions.all

-- ---- time ----

---Fire what is due by the clock, in the background, until `stop`.
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
  admin.cancel(self)
  task.with_timeout(grace, self.dispatcher.wait_until_idle, self.dispatcher)
  return self.dispatcher.in_flight == 0
end

---The scheduler's present.
---@return integer ms since the epoch, UTC
function Scheduler:now_ms()
  return self.clock:now_ms()
end

---Let time pass at once: every job that falls due in it is really sent, in the order of time, and
---its retries with it. Waits until all of it has ended.
---@param amount string|number "1h", "1d", or seconds
---@return integer instants at which something happened
function Scheduler:advance(amount)
  local nanoseconds, e = duration.parse(amount)
  if not nanoseconds then
    error(e, 2)
  elseif nanoseconds < 0 then
    error("time only moves forward: " .. tostring(amount), 2)
  end
  return self.dispatcher:advance_to(self.clock:now_ms() + nanoseconds // 1000000)
end

---Let time pass up to an instant, as `advance` does.
---@param instant string|integer RFC 3339, or ms since the epoch; not before now
---@return integer instants at which something happened
function Scheduler:go_to(instant)
  local at_ms, e = math.tointeger(instant), nil
  if type(instant) == "string" then
    at_ms, e = core.time.parse_instant(instant)
  end
  local now_ms = self.clock:now_ms()
  if not at_ms then
    error(e or err.new("INVALID_ARGUMENT", "an instant is RFC 3339, as 2027-01-01T00:00:00Z"), 2)
  elseif at_ms < now_ms then
    error(err.new("INVALID_ARGUMENT", ("time only moves forward: it is %s, '%s' is past"):format(
      core.time.format(now_ms, 3), instant)), 2)
  end
  return self.dispatcher:advance_to(at_ms)
end

---Send what is due just now, as after `run_job`, and wait for its end.
function Scheduler:run_due()
  return self.dispatcher:advance_to()
end

---Wait until nothing is due and no attempt is on its way, but for those that wait for time to pass on
---a clock that stands still.
---@param timeout string|number? default "60s", at most a day
---@return true?
---@return mooncron.Err? err DEADLINE_EXCEEDED
function Scheduler:wait_until_idle(timeout)
  return task.with_timeout(math.min(milliseconds(timeout or 60) / 1000, 86400), function()
    if not self.firing then
      self:run_due()
    end
    self.dispatcher:drain()
    return true
  end)
end

-- ---- for tests ----

---Drop all jobs, executions, attempts and faults; the clock and the recorders stay.
---@return true?
---@return mooncron.Err?
function Scheduler:reset()
  self.dispatcher.transport.faults:clear()
  return self.store:reset()
end

---A target in this process: what is sent to its `uri` is kept.
---@param options { name: string? }?
---@return mooncron.Recorder
function Scheduler:recorder(options)
  return self.dispatcher.transport:new_recorder(options and options.name)
end

---Let requests fail or take long: `fault { job = "nightly-*", times = 3, status = 503 }`.
---@param spec mooncron.scheduler.Fault
function Scheduler:fault(spec)
  local ok, e = self.dispatcher.transport.faults:add(spec)
  if not ok then
    error(e, 2)
  end
  return true
end

---@return mooncron.scheduler.Fault[] still to come
function Scheduler:faults()
  return self.dispatcher.transport.faults:list()
end

function Scheduler:clear_faults()
  self.dispatcher.transport.faults:clear()
  return true
end

-- ---- what happened ----

---Attempts, the oldest first.
---@param filter mooncron.AttemptFilter?
function Scheduler:attempts(filter)
  return self.store:attempts(filter or {})
end

---The page for Prometheus.
---@return string
function Scheduler:metrics_page()
  return self.metrics:text {
    { "in_flight", "Attempts on their way.", self.dispatcher.in_flight },
    { "jobs", "Jobs stored.", self.store:job_count() },
    { "store_bytes", "Size of the store.", self.store:size() },
  }
end

function Scheduler:close()
  if self.store.db then
    if self.firing then
      self.firing:cancel()
    end
    admin.cancel(self)
    self.dispatcher:close()
    self.store:close()
  end
end
Scheduler.__close = Scheduler.close

-- ---- serving ----

---Serve the API on an address: `scheduler:listen(options)`.
---@type fun(self: mooncron.Scheduler, options: mooncron.ListenOptions): table?, mooncron.Err?
Scheduler.listen = server.listen

return M
