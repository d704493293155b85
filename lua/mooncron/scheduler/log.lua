---What the scheduler says about itself: one line a happening, for people or for machines. Callers give
---a sentence and plain fields; headers, bodies and tokens are never among them.

local core <const> = require "mooncron.core"
local json <const> = require "mooncron.json"
local names <const> = require "mooncron.api.name"

local M = {}

M.formats = { text = true, json = true }

local ORDER <const> = { "time", "severity", "message", "job", "attempt", "code", "httpStatus", "latencyMs" }

-- Logs that leave attempts out: nothing is to be made for them.
local quiet <const> = setmetatable({}, { __mode = "k" })

-- Bytes that are no UTF-8, and controls, do not break a line.
local function clean(text)
  text = text:gsub("%c", " ")
  return utf8.len(text) and text or (text:gsub("[\128-\255]", "?"))
end

---@alias mooncron.scheduler.Log fun(severity: "INFO"|"WARNING"|"ERROR", message: string, fields: table?)

---@param options { format: "text"|"json"|nil, quiet: boolean?, write: fun(line: string),
---  now_ms: fun(): integer }
--- `quiet` leaves all but errors out; `now_ms` is the system's clock
---@return mooncron.scheduler.Log
function M.new(options)
  local function log(severity, message, fields)
    if options.quiet and severity ~= "ERROR" then
      return
    end
    message = clean(message)
    if options.format ~= "json" then
      return options.write("mooncron: " .. message .. "\n")
    end
    local line = {}
    for key, value in pairs(fields or {}) do
      line[key] = type(value) == "string" and clean(value) or value
    end
    line.time, line.severity, line.message = core.time.format(options.now_ms(), 3), severity, message
    options.write(assert(json.canonical(line, ORDER)) .. "\n")
  end
  quiet[log] = options.quiet or nil
  return log
end

---Tell of an attempt.
---@param log mooncron.scheduler.Log
---@param attempt table its record
function M.attempt(log, attempt)
  if quiet[log] then
    return
  end
  local id = names.id(attempt.job)
  local message = ("%s attempt %d: %s"):format(id, attempt.attempt, attempt.debug_info)
  log(attempt.code == "OK" and "INFO" or "WARNING", message, {
    job = attempt.job,
    attempt = attempt.attempt,
    code = attempt.code,
    httpStatus = attempt.http_status,
    latencyMs = attempt.latency_us // 1000,
  })
end

return M
