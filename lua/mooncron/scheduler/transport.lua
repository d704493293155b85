---How a request gets to its target, and what came of that: over the network, or to a recorder in this
---process; and the faults on demand that stand before both.

local err <const> = require "mooncron.err"
local faults <const> = require "mooncron.scheduler.faults"
local http <const> = require "mooncron.http"
local outcome <const> = require "mooncron.scheduler.outcome"
local recorder <const> = require "mooncron.scheduler.recorder"
local task <const> = require "mooncron.task"

local M = {}

---@class mooncron.scheduler.Transport
local Transport = { __name = "mooncron.scheduler.Transport" }
Transport.__index = Transport

local MAX_ANSWER <const> = 1 << 16 -- bytes of a target's answer that are read: times 5,000 at once
local KEPT_ANSWER <const> = 1024 -- bytes of it that are kept
local MAX_REDIRECTS <const> = 10 -- the service's limit is not known [ours]

---@param clock mooncron.scheduler.Clock on which delays pass
---@param max_connections integer idle ones give way
---@return mooncron.scheduler.Transport
function M.new(clock, max_connections)
  return setmetatable({
    client = http.new_client { no_proxy = "localhost,127.0.0.1,::1", max_connections = max_connections },
    clock = clock,
    faults = faults.new(),
    recorders = {}, -- by name
    recorder_count = 0,
  }, Transport)
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

-- ---- ways to a target: outcome, the answer's beginning, microseconds ----

local function over_the_network(self, request)
  local id, e = self.client:send({
    method = request.method,
    url = request.url,
    body = request.body,
    timeout_ms = request.timeout_ms,
    max_body = MAX_ANSWER,
    max_redirects = MAX_REDIRECTS,
    http1 = true,
  }, request.headers)
  if not id then
    return outcome.of_refusal(e), "", 0
  end
  local response = task.await(id)
  local answer = response.body:sub(1, KEPT_ANSWER)
  -- An answer too large to read is still an answer: its status counts.
  local too_large = response.err and response.err.code == "RESOURCE_EXHAUSTED" and response.status > 0
  if response.err and not too_large then
    return outcome.of_error(response.err), answer, response.total_us
  end
  return outcome.of_status(response.status), answer, response.total_us
end

local function to_recorder(known, path, request, job)
  local headers = {}
  for header, value in pairs(request.headers) do
    headers[header:lower()] = value
  end
  local response = known:receive {
    job = job,
    method = request.method,
    path = path == "" and "/" or path,
    headers = headers,
    body = request.body or "",
  }
  return outcome.of_status(response.status), response.body:sub(1, KEPT_ANSWER), 0
end

local function deliver(self, request, job)
  if self.catch_all then
    return to_recorder(self.catch_all, request.url, request, job)
  end
  local name, path = recorder.parse(request.url)
  if not name then
    return over_the_network(self, request)
  elseif not self.recorders[name] then
    local e = err.new("UNAVAILABLE", ("no recorder '%s' is in the scheduler's process"):format(name))
    return outcome.of_error(e), "", 0
  end
  return to_recorder(self.recorders[name], path, request, job)
end

-- ---- faults ----

local function with_fault(self, fault, request, job)
  local clock, timeout_ms = self.clock, request.timeout_ms
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
  request.timeout_ms = timeout_ms - wait_ms
  local result, answer, latency_us = deliver(self, request, job)
  return result, answer, latency_us + wait_ms * 1000
end

---Send a request and wait for its end.
---@param job string full name
---@param request table of mooncron.scheduler.target; this function's own from now on
---@return mooncron.scheduler.Outcome
---@return string answer its first bytes
---@return integer latency_us
function Transport:send(job, request)
  local fault = self.faults:take(job)
  if fault then
    return with_fault(self, fault, request, job)
  end
  return deliver(self, request, job)
end

function Transport:close()
  self.client:close()
end

return M
