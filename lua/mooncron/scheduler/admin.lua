---Our own endpoints, beside the API: attempts, the clock, faults, metrics. The same functions as the
---scheduler has in process, for whoever talks to it over HTTP. One that waits runs as a task.

local attempt_json <const> = require "mooncron.scheduler.attempt_json"
local core <const> = require "mooncron.core"
local err <const> = require "mooncron.err"
local errors <const> = require "mooncron.api.errors"
local json <const> = require "mooncron.json"
local log_entries <const> = require "mooncron.scheduler.log_entries"
local metrics <const> = require "mooncron.scheduler.metrics"
local query_api <const> = require "mooncron.api.query"
local task <const> = require "mooncron.task"

local M = {}

local JSON <const> = { ["Content-Type"] = "application/json; charset=UTF-8" }
local MAX_ATTEMPTS <const> = 10000 -- in one answer
local MAX_WAITING <const> = 100 -- requests that wait at once

-- ---- methods: (scheduler, input) -> value, order of its members | nil, err ----

local function integer_of(text, name, most)
  local n = math.tointeger(tonumber(text))
  if not n or n < 0 or n > most then
    local words = ("%s '%s': an integer of 0 to %d is wanted"):format(name, text, most)
    return nil, err.new("INVALID_ARGUMENT", words, { path = name })
  end
  return n
end

-- From a query: job, failed, after, limit.
local function filter_of(query)
  local limit, e = integer_of(query.limit or "1000", "limit", MAX_ATTEMPTS)
  local after = query.after
  if after and not e then
    after, e = integer_of(after, "after", math.maxinteger)
  end
  local failed = query.failed or "false"
  if failed ~= "true" and failed ~= "false" then
    e = e or err.new("INVALID_ARGUMENT", ("failed '%s': true or false is wanted"):format(failed))
  end
  if e then
    return nil, e
  end
  return {
    job = query.job,
    failed = failed == "true",
    after_id = after,
    newest = after == nil, -- who names no beginning wants the end
    limit = limit,
  }
end

local FORMS <const> = {
  attempts = function(rows)
    local list = {}
    for i, row in ipairs(rows) do
      list[i] = attempt_json.to_json(row)
    end
    return list, attempt_json.order
  end,
  entries = function(rows)
    return log_entries.list(rows), log_entries.order
  end,
}

local function list_attempts(scheduler, query)
  local filter, e = filter_of(query)
  local form = query.form or "attempts"
  if filter and not FORMS[form] then
    e = err.new("INVALID_ARGUMENT", ("form '%s': use attempts or entries"):format(form), { path = "form" })
  end
  if e then
    return nil, e
  end
  local rows
  rows, e = scheduler:attempts(filter)
  if not rows then
    return nil, e
  end
  local list, order = FORMS[form](rows)
  local last = rows[#rows] and rows[#rows].id or filter.after_id or 0
  return { [form] = json.list(list), after = last }, { form, "after", [form] = order }
end

local function clock_answer(scheduler, _, instants)
  return {
    time = core.time.format(scheduler:now_ms(), 3),
    virtual = scheduler.clock.is_virtual,
    instants = instants,
  }, { "time", "virtual", "instants" }
end

-- What would be a loss or a surprise on a scheduler that works for real.
local function only_virtual(method)
  return function(scheduler, input)
    if not scheduler.clock.is_virtual then
      return nil, err.new("FAILED_PRECONDITION",
        "the clock is the real one: start the server with --clock virtual")
    end
    return method(scheduler, input)
  end
end

local function wanted(input, name)
  if input[name] == nil then
    error(err.new("INVALID_ARGUMENT", ("%s is missing"):format(name), { path = name }), 0)
  end
  return input[name]
end

local function advance(scheduler, input)
  local amount = wanted(input, "duration")
  if tostring(amount):find("^%s*%-") then
    return nil, err.new("INVALID_ARGUMENT", ("duration '%s': time only moves forward"):format(amount))
  end
  return clock_answer(scheduler, nil, scheduler:advance(amount))
end

local function go_to(scheduler, input)
  return clock_answer(scheduler, nil, scheduler:go_to(wanted(input, "time")))
end

local function run_due(scheduler)
  return clock_answer(scheduler, nil, scheduler:run_due())
end

local function wait_until_idle(scheduler, input)
  local ok, e = scheduler:wait_until_idle(input.timeout)
  if not ok then
    return nil, e
  end
  return {}
end

local function reset(scheduler)
  local ok, e = scheduler:reset()
  if not ok then
    return nil, e
  end
  return {}
end

local function list_faults(scheduler)
  return { faults = json.list(scheduler:faults()) }
end

local function add_fault(scheduler, input)
  scheduler:fault(input)
  return list_faults(scheduler)
end

local function clear_faults(scheduler)
  scheduler:clear_faults()
  return list_faults(scheduler)
end

local function exceptions(scheduler)
  local by_name, e = scheduler:exceptions()
  return by_name and { exceptions = by_name }, e
end

local function set_exceptions(scheduler, input)
  local ok, e = scheduler:set_exceptions(wanted(input, "job"), input.exceptions)
  if not ok then
    return nil, e
  end
  return {}
end

local ROUTES <const> = {
  ["GET /mooncron/attempts"] = { list_attempts },
  ["GET /mooncron/clock"] = { clock_answer },
  ["POST /mooncron/clock:advance"] = { only_virtual(advance), waits = true },
  ["POST /mooncron/clock:goto"] = { only_virtual(go_to), waits = true },
  ["GET /mooncron/exceptions"] = { exceptions },
  ["POST /mooncron/exceptions"] = { set_exceptions, waits = true },
  ["GET /mooncron/faults"] = { list_faults },
  ["POST /mooncron/faults"] = { add_fault },
  ["DELETE /mooncron/faults"] = { clear_faults },
  ["POST /mooncron/scheduler:reset"] = { only_virtual(reset), waits = true },
  ["POST /mooncron/scheduler:runDue"] = { only_virtual(run_due), waits = true },
  ["POST /mooncron/scheduler:waitUntilIdle"] = { wait_until_idle, waits = true },
}

-- ---- answering ----

local function failure(e)
  local status, body = errors.answer(e)
  return { status = status, headers = JSON, body = body }
end

-- The query of a GET, the object in the body of all else; nothing is an empty object.
local function input_of(request, query)
  if request.method == "GET" then
    return query_api.parse(query)
  elseif not request.body:find("%S") then
    return {}
  end
  local value, e = json.decode(request.body)
  if value ~= nil and type(value) ~= "table" then
    e = err.new("INVALID_ARGUMENT", "the body is no JSON object")
  end
  if e then
    return nil, e
  end
  return value
end

local function answer(scheduler, route, request, query)
  local ok, value, order = pcall(function()
    local input, e = input_of(request, query)
    if not input then
      return nil, e
    end
    return route[1](scheduler, input)
  end)
  if not ok then
    return failure(err.is(value) and value or err.new("INTERNAL", tostring(value)))
  elseif not value then
    return failure(order)
  end
  return { status = 200, headers = JSON, body = json.pretty(value, order) }
end

local function run_as_task(scheduler, respond, make)
  local waiting = scheduler.waiting
  if waiting.count >= MAX_WAITING then
    local words = "%d requests wait already: try again"
    return respond(failure(err.new("RESOURCE_EXHAUSTED", words:format(waiting.count))))
  end
  local running = task.spawn(function()
    respond(make())
  end)
  waiting.tasks[running], waiting.count = true, waiting.count + 1
  running.watchers[1] = function()
    waiting.tasks[running], waiting.count = nil, waiting.count - 1
  end
end

---End what still waits: its answer is CANCELLED.
---@param scheduler mooncron.Scheduler
function M.cancel(scheduler)
  for running in pairs(scheduler.waiting.tasks) do
    running:cancel()
  end
end

---Answer a request that is one of ours.
---@param scheduler mooncron.Scheduler
---@param request { method: string, target: string, body: string, fault: string? }
---@param respond fun(response: table)
---@return boolean taken false: it is none of ours
function M.handle(scheduler, request, respond)
  local path, query = request.target:match("^([^?]*)%??(.*)$")
  if path == "/metrics" and request.method == "GET" then
    local headers = { ["Content-Type"] = metrics.CONTENT_TYPE }
    respond { status = 200, headers = headers, body = scheduler:metrics_page() }
    return true
  elseif path:sub(1, 10) ~= "/mooncron/" or request.fault then
    return false
  end
  local route = ROUTES[request.method .. " " .. path:gsub("%%3[aA]", ":")]
  if not route then
    respond(failure(err.new("NOT_FOUND", ("%s '%s' is none of our endpoints: see the README"):format(
      request.method, path))))
  elseif route.waits then
    run_as_task(scheduler, respond, function()
      return answer(scheduler, route, request, query)
    end)
  else
    respond(answer(scheduler, route, request, query))
  end
  return true
end

return M
