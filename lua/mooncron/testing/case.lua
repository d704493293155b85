---What a test of jobs has in its hands: a scheduler in memory on a clock that stands still, whose requests
---all end at a recorder. Nothing is sent to anybody, and nobody waits.

local core <const> = require "mooncron.core"
local err <const> = require "mooncron.err"
local names <const> = require "mooncron.api.name"

local M = {}

---@class mooncron.testing.Case
---@field scheduler mooncron.Scheduler
---@field client mooncron.Client
---@field recorder mooncron.Recorder takes all that is sent
local Case = { __name = "mooncron.testing.Case" }
Case.__index = Case

---When a test begins, unless it says otherwise: a Friday.
M.START = "2027-01-01T00:00:00Z"

---@class mooncron.testing.Options
---@field at string? the clock's first instant, default M.START
---@field project string? default "test"
---@field location string? default "us-central1"
---@field folder string? of the test file: job files are relative to it

---@param options mooncron.testing.Options
---@return mooncron.testing.Case
function M.new(options)
  local start_ms = assert(core.time.parse_instant(options.at or M.START))
  local scheduler = assert(require("mooncron.scheduler").open {
    clock = "virtual",
    wall_ms = function()
      return start_ms
    end,
    pubsub_endpoint = "http://pubsub.invalid",
    app_engine = { default = "http://appengine.invalid" },
  })
  local self = setmetatable({
    scheduler = scheduler,
    folder = options.folder or "",
    recorder = scheduler.dispatcher.transport:record_all(),
  }, Case)
  self.client = require("mooncron.api.client").new {
    backend = require("mooncron.backend.local").over(scheduler),
    project = options.project or "test",
    location = options.location or "us-central1",
  }
  return self
end

function Case:close()
  self.scheduler:close()
end
Case.__close = Case.close

-- ---- jobs ----

local function create(self, job)
  local made, e = self.client:create_job(job)
  if not made then
    error(err.new(e.code, ("job '%s': %s"):format(job.name or "?", e.message)), 3)
  end
  return made
end

---Declare a job here.
---@param job table as for create_job
---@return mooncron.Job
function Case:job(job)
  return create(self, job)
end

---Load job files, relative to the test's own, and create their jobs; those that are declared as paused are.
---@param path string
---@param args table<string, string>? for `args { ... }` in them
function Case:load(path, args)
  local full = path:sub(1, 1) == "/" and path or self.folder .. path
  local declared, e = require("mooncron.code.loader").load({ full }, {
    project = self.client.project, location = self.client.location, args = args,
    holds_exceptions = true,
  })
  if not declared then
    error(e, 2)
  end
  for _, one in ipairs(declared.jobs) do
    create(self, one.job)
    if one.exceptions then
      assert(self.client:set_exceptions(one.name, one.exceptions))
    end
    if one.paused then
      assert(self.client:pause_job(one.name))
    end
  end
  return declared
end

local function full_name(self, id, level)
  local name, why = names.resolve(id, self.client)
  if not name then
    error(("job '%s': %s"):format(id, why), level + 1)
  end
  return name
end

---A job as it is.
---@param id string
---@return mooncron.Job
function Case:get(id)
  local job, e = self.client:get_job(full_name(self, id, 2))
  if not job then
    error(e, 2)
  end
  return job
end

for _, verb in ipairs { "pause", "resume", "run" } do
  ---`t:run "ID"`, `t:pause "ID"`, `t:resume "ID"`: as in the API; a run is made before it returns.
  Case[verb] = function(self, id)
    local job, e = self.client[verb .. "_job"](self.client, full_name(self, id, 2))
    if not job then
      error(e, 2)
    end
    if verb == "run" then
      self.scheduler:run_due()
    end
    return job
  end
end

-- ---- time ----

---@return string RFC 3339
function Case:now()
  return core.time.format(self.scheduler:now_ms())
end

---Let time pass: what falls due is sent, to the recorder.
---@param amount string|number "1h", "7d", or seconds
function Case:advance(amount)
  return self.scheduler:advance(amount)
end

---@param instant string RFC 3339
function Case:go_to(instant)
  return self.scheduler:go_to(instant)
end

---When a job runs in (from, to], without letting time pass; on its own clock.
---@param id string
---@param from string RFC 3339
---@param to string
---@return string[] instants with the offset of the job's zone
function Case:runs(id, from, to)
  local job = self:get(id)
  local schedule = assert(require("mooncron.schedule").new(job.schedule, job.time_zone))
  local list = {}
  for i, ms in ipairs(schedule:between(from, to, 100000, self.scheduler:now_ms())) do
    list[i] = schedule:format(ms)
  end
  return list
end

-- ---- what was sent ----

---Requests that have been sent, the oldest first.
---@param id string? of this job alone
---@return mooncron.RecordedRequest[]
function Case:sent(id)
  local list = {}
  for _, request in ipairs(self.recorder:requests()) do
    if not id or request.job == full_name(self, id, 2) then
      list[#list + 1] = request
    end
  end
  return list
end

---Forget what has been sent.
function Case:clear()
  self.recorder:clear()
end

---What targets answer from now on: `{ status =, body = }`, a function of the request, or nil for 200.
function Case:respond(answer)
  self.recorder:respond(answer)
end

---Let requests fail or take long: `t:fault { job = "nightly", times = 2, status = 503 }`.
function Case:fault(spec)
  self.scheduler:fault(spec)
end

---@param id string?
---@return table[] attempts, the oldest first
function Case:attempts(id)
  return assert(self.scheduler:attempts { job = id and full_name(self, id, 2), limit = 100000 })
end

-- ---- assertions: they raise one line ----

local function show(value)
  if type(value) == "string" then
    return ("%q"):format(value):gsub("\\\n", "\\n")
  elseif type(value) ~= "table" then
    return tostring(value)
  end
  local text = require("mooncron.json").canonical(value)
  return text or tostring(value)
end

local function is_same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then
    return a == b
  end
  for key, value in pairs(a) do
    if not is_same(value, b[key]) then
      return false
    end
  end
  for key in pairs(b) do
    if a[key] == nil then
      return false
    end
  end
  return true
end

local function fail(message, level)
  error(err.new("FAILED_PRECONDITION", message, { assertion = true }), level + 1)
end

---@param value any
---@param message string?
function Case.ok(_, value, message)
  if not value then
    fail(message or ("wanted something true, got %s"):format(show(value)), 2)
  end
  return value
end

---Values, or tables with the same in them.
function Case.equal(_, wanted, got, message)
  if not is_same(wanted, got) then
    fail(("%swanted %s, got %s"):format(message and message .. ": " or "", show(wanted), show(got)), 2)
  end
end

---That a job runs at these instants of a span, and at no others.
---@param id string
---@param span { from: string, to: string }
---@param wanted string[] instants, in whatever offset
function Case:runs_at(id, span, wanted)
  local got = self:runs(id, span.from, span.to)
  local want = {}
  for i, text in ipairs(wanted) do
    want[i] = assert(core.time.parse_instant(text))
  end
  for i = 1, math.max(#want, #got) do
    local ms = got[i] and core.time.parse_instant(got[i])
    if ms ~= want[i] then
      fail(("job '%s', run %d: wanted %s, got %s"):format(id, i, wanted[i] or "none", got[i] or "none"), 2)
    end
  end
end

---That such a request was sent: see `assert_received` of the recorder; `url` is the whole address.
---@param wanted { job: string?, url: any, method: any, body: any, headers: table?, times: integer? }
---@return mooncron.RecordedRequest? the last one
function Case:assert_sent(wanted)
  local one = {}
  for key, value in pairs(wanted) do
    one[key] = value
  end
  one.path, one.url = wanted.url, nil
  one.job = wanted.job and full_name(self, wanted.job, 2)
  local ok, result = pcall(self.recorder.assert_received, self.recorder, one)
  if not ok then
    local message = tostring(result):gsub("^[^:]+:%d+: ", ""):gsub("^recorder '[^']*': ", "")
    fail((message:gsub("path '", "url '")), 2)
  end
  return result
end

---That nothing was sent, or not by this job.
---@param id string?
function Case:assert_nothing_sent(id)
  local sent = self:sent(id)
  if sent[1] then
    fail(("wanted no request, got %d; the first to '%s'"):format(#sent, sent[1].path), 2)
  end
end

return M
