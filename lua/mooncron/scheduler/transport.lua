---How a request gets to its target, and what came of that: over the network, or to a recorder in this
---process; and the faults on demand that stand before both.

local err <const> = require "mooncron.err"
local faults <const> = require "mooncron.scheduler.faults"
local http <const> = require "mooncron.http"
local outcome <const> = require "mooncron.scheduler.outcome"
local recorder <const> = require "mooncron.scheduler.recorder"
local tables <const> = require "mooncron.tables"
local target <const> = require "mooncron.scheduler.target"
local task <const> = require "mooncron.task"

local M = {}

---@class mooncron.scheduler.Transport
local Transport = { __name = "mooncron.scheduler.Transport" }
Transport.__index = Transport

local MAX_ANSWER <const> = 1 << 16 -- bytes of a target's answer that are read: times 5,000 at once
local KEPT_ANSWER <const> = 1024 -- bytes of it that are kept
local MAX_REDIRECTS <const> = 10 -- the service's limit is not known [ours]

---@class mooncron.scheduler.Sending
---@field job string full name
---@field plan mooncron.scheduler.Plan
---@field schedule_time string
---@field token string? for plan.token_target

---@class mooncron.scheduler.TransportOptions
---@field clock mooncron.scheduler.Clock on which delays pass
---@field max_connections integer idle ones give way
---@field on_end fun(sending: mooncron.scheduler.Sending, result: mooncron.scheduler.Outcome,
---  answer: string, latency_us: integer) told of each answer that `send` did not return

---@param options mooncron.scheduler.TransportOptions
---@return mooncron.scheduler.Transport
function M.new(options)
  local self = setmetatable({
    client = http.new_client {
      no_proxy = "localhost,127.0.0.1,::1",
      max_connections = options.max_connections,
    },
    clock = options.clock,
    on_end = options.on_end,
    flying = {}, -- operation of the loop -> what was sent
    faults = faults.new(),
    recorders = {}, -- by name
    recorder_count = 0,
  }, Transport)
  self.on_response = function(event)
    self:answered(event)
  end
  return self
end

---A recorder that jobs reach by its `uri`. A name that is taken is taken over.
---@param name string?
---@return mooncron.Recorder
function Transport:new_recorder(name)
  self.recorder_count = self.recorder_count + 1
  name = name or "r" .. self.recorder_count
  self.recorders[name] = recorder.new(name, ("http://%s/%s"):format(recorder.HOST, name))
  return self.recorders[name]
end

---Keep all requests from now on, wherever they would go: nothing is sent. Their path is the whole URL.
---@return mooncron.Recorder
function Transport:record_all()
  self.catch_all = recorder.new("all", "")
  return self.catch_all
end

-- ---- the network ----

-- What the client takes of a plan, made once.
local function options_of(plan)
  local options = plan.options
  if not options then
    options = {
      method = plan.method,
      url = plan.url,
      body = plan.body,
      timeout_ms = plan.timeout_ms,
      max_body = MAX_ANSWER,
      max_redirects = MAX_REDIRECTS,
      http1 = true,
    }
    plan.options = options
  end
  return options
end

-- The answer comes as an event. The plan's headers become the attempt's for the length of the call.
local function over_the_network(self, sending, waited_ms)
  local plan = sending.plan
  local options, headers = options_of(plan), plan.headers
  if plan.is_timed then
    headers[target.TIME] = sending.schedule_time
  end
  if plan.token_target then
    headers[target.TOKEN] = "Bearer " .. sending.token
  end
  if waited_ms > 0 then
    options = tables.copy(options)
    options.timeout_ms = plan.timeout_ms - waited_ms
    sending.waited_us = waited_ms * 1000
  end
  local id, e = self.client:send(options, headers)
  if not id then
    return outcome.of_refusal(e), "", waited_ms * 1000
  end
  self.flying[id] = sending
  task.on_event(id, self.on_response)
end

-- What an answer from the network means.
local function read(response)
  local answer, e = response.body, response.err
  if #answer > KEPT_ANSWER then
    answer = answer:sub(1, KEPT_ANSWER)
  end
  -- An answer too large to read is still an answer: its status counts.
  if e and not (e.code == "RESOURCE_EXHAUSTED" and response.status > 0) then
    return outcome.of_error(e), answer
  end
  return outcome.of_status(response.status), answer
end

function Transport:answered(response)
  local id = response.id
  local sending = self.flying[id]
  self.flying[id] = nil
  task.on_event(id, nil)
  local result, answer = read(response)
  self.on_end(sending, result, answer, response.total_us + (sending.waited_us or 0))
end

-- ---- recorders ----

-- The recorder that a plan leads to, and the path there; false when that is the network.
local function recorder_of(self, plan)
  if self.catch_all then
    return self.catch_all, plan.url
  end
  if plan.recorder == nil then
    plan.recorder, plan.path = recorder.parse(plan.url)
    plan.recorder = plan.recorder or false
  end
  return plan.recorder and self.recorders[plan.recorder], plan.path
end

-- The request as a recorder has it.
local function recorded(plan, path, schedule_time, token)
  local headers = {}
  for name, value in pairs(target.headers(plan, schedule_time, token)) do
    headers[name:lower()] = value
  end
  return {
    job = plan.job,
    method = plan.method,
    path = path == "" and "/" or path,
    headers = headers,
    body = plan.body or "",
  }
end

local function to_recorder(known, path, sending)
  local response = known:receive_from(recorded, sending.plan, path, sending.schedule_time, sending.token)
  return outcome.of_status(response.status), response.body:sub(1, KEPT_ANSWER), 0
end

local function deliver(self, sending, waited_ms)
  local known, path = recorder_of(self, sending.plan)
  if known then
    local result, answer, latency_us = to_recorder(known, path, sending)
    return result, answer, latency_us + waited_ms * 1000
  elseif known == nil then
    local words = "no recorder '%s' is in the scheduler's process"
    local e = err.new("UNAVAILABLE", words:format(sending.plan.recorder))
    return outcome.of_error(e), "", waited_ms * 1000
  end
  return over_the_network(self, sending, waited_ms)
end

-- ---- faults ----

local function with_fault(self, fault, sending)
  local clock, timeout_ms = self.clock, sending.plan.timeout_ms
  local wait_ms = fault.timeout and timeout_ms or math.min(fault.delay_ms or 0, timeout_ms)
  clock:sleep_until(clock:now_ms() + wait_ms)
  if wait_ms >= timeout_ms then
    return outcome.of_error(err.new("DEADLINE_EXCEEDED", "a fault on demand")), "", wait_ms * 1000
  elseif fault.refuse then
    local e = err.new("UNAVAILABLE", "connection refused (a fault on demand)")
    return outcome.of_error(e), "", wait_ms * 1000
  elseif fault.status then
    return outcome.of_status(fault.status), "", wait_ms * 1000
  end
  return deliver(self, sending, wait_ms)
end

---Whether sending something of this plan may wait: then it has to be done in a task.
---@param plan mooncron.scheduler.Plan
---@return boolean
function Transport:may_wait(plan)
  local known = recorder_of(self, plan)
  return self.faults:any() or known and known:may_wait() or false
end

---Send a request. Returns what came of it, or nothing: then `on_end` is told.
---@param sending mooncron.scheduler.Sending
---@return mooncron.scheduler.Outcome?
---@return string answer its first bytes
---@return integer latency_us
function Transport:send(sending)
  local fault = self.faults:take(sending.job)
  if fault then
    return with_fault(self, fault, sending)
  end
  return deliver(self, sending, 0)
end

---Break off what is on its way.
function Transport:close()
  for id in pairs(self.flying) do
    task.on_event(id, nil)
    task.loop():cancel(id)
  end
  self.flying = {}
  self.client:close()
end

return M
