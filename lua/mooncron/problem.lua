---Problems of a value: collected as data, all of them, and turned into one error at the end.

local err <const> = require "mooncron.err"
local json <const> = require "mooncron.json"

local M = {}

---So many problems of one value are collected at most: what follows is more of the same.
M.max = 50

---@class mooncron.Problem
---@field path string the field at fault, as in `http_target.uri`; empty for the whole value
---@field value any what was there, nil when nothing was or when it is not to be shown
---@field message string what is wrong with it
---@field fix string? what to do instead
---@field service string? the sentence with which the service refuses this

---A value short enough for a message, control characters blotted out.
---@param value any
---@return string
function M.cut(value)
  if value == json.null then
    return "null"
  end
  local whole = math.type(value) == "float" and math.tointeger(value)
  local text = type(value) == "table" and json.canonical(value) or tostring(whole or value)
  text = text:gsub("[%c\127]", "?")
  if not utf8.len(text) then
    text = text:gsub("[\128-\255]", "?")
  end
  if #text <= 60 then
    return text
  end
  return text:sub(1, 57):gsub("[\192-\255][\128-\191]*$", "") .. "..."
end

---One line for a problem: `schedule '61 * * * *': minute 61 is not in 0-59`.
---@param problem mooncron.Problem
---@return string
function M.describe(problem)
  local head = problem.path
  if problem.value ~= nil then
    head = ("%s%s'%s'"):format(head, head == "" and "" or " ", M.cut(problem.value))
  end
  local text = head == "" and problem.message or head .. ": " .. problem.message
  return problem.fix and text .. ", " .. problem.fix or text
end

local MAX_LINES <const> = 10

---One error for a list of problems. Its message begins with the service's own sentence when there
---is a known one, and then says each problem; `details` is the API's BadRequest; `problems` is the
---list.
---@param problems mooncron.Problem[]
---@param opts {ours: boolean?}? `ours` leaves the service's sentence out
---@return mooncron.Err
function M.error(problems, opts)
  local first = problems[1]
  local sentence
  for _, problem in ipairs(problems) do
    if problem.service then
      sentence, first = problem.service, problem
      break
    end
  end
  local lines, violations = {}, {}
  for i, problem in ipairs(problems) do
    local line = M.describe(problem)
    violations[i] = { field = problem.path, description = line }
    if i <= MAX_LINES then
      lines[i] = line
    end
  end
  if #problems > MAX_LINES then
    lines[MAX_LINES + 1] = ("and %d more"):format(#problems - MAX_LINES)
  end
  local message = table.concat(lines, "; ")
  if sentence and not (opts and opts.ours) then
    message = sentence .. " " .. message
  end
  return err.new("INVALID_ARGUMENT", message, {
    path = first.path ~= "" and first.path or nil,
    status = 400,
    problems = problems,
    details = {
      { ["@type"] = "type.googleapis.com/google.rpc.BadRequest", fieldViolations = violations },
    },
  })
end

return M
