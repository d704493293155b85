---Errors of the API: `mooncron.err` to the JSON envelope and back, the sentences that Cloud
---Scheduler is known to say, and which errors are worth another try.

local duration <const> = require "mooncron.duration"
local err <const> = require "mooncron.err"
local json <const> = require "mooncron.json"

local M = {}

local TYPE <const> = "type.googleapis.com/google.rpc."

---Order of an error answer, for `json.pretty`.
M.order = {
  "error",
  error = {
    "code",
    "message",
    "status",
    "details",
    details = { "@type", "fieldViolations", "reason", "domain" },
  },
}

---An error as the API's envelope; `json.pretty(value, errors.order)` prints it as the service does
---[rec].
---@param e mooncron.Err
---@return integer http_status
---@return table envelope
function M.to_json(e)
  local status = err.http_status[e.code]
  local code = status and e.code or "UNKNOWN"
  status = status or 500
  local details = e.details and e.details[1] and e.details or nil
  local envelope = { code = status, message = e.message, status = code, details = details }
  return status, { error = envelope }
end

---@param e mooncron.Err
---@return integer http_status
---@return string body
function M.answer(e)
  local status, envelope = M.to_json(e)
  return status, json.pretty(envelope, M.order)
end

local function resource_info(name)
  return { ["@type"] = TYPE .. "ResourceInfo", resourceName = name }
end

---@return mooncron.Err
function M.job_not_found()
  return err.new("NOT_FOUND", "Job not found.", { status = 404 }) -- [rec]
end

---@param name string
---@return mooncron.Err
function M.already_exists(name)
  -- [3P]
  return err.new("ALREADY_EXISTS", ("Job %s already exists."):format(name), { status = 409 })
end

---@param location string its id
---@return mooncron.Err
function M.unknown_location(location)
  local text = "Location '%s' is not a valid location. Use ListLocations to list valid locations."
  return err.new("INVALID_ARGUMENT", text:format(location), { status = 400 }) -- [3P]
end

---@param wanted string the state that the method needs
---@param method string `RunJob` [3P]; `PauseJob`, `ResumeJob` by analogy [ours]
---@return mooncron.Err
function M.wrong_state(wanted, method)
  local text = ("Job.state must be %s for %s."):format(wanted, method)
  return err.new("FAILED_PRECONDITION", text, { status = 400 })
end

M.busy_sentence = "sync mutate calls cannot be queued" -- [tf]

---@param name string
---@return mooncron.Err
function M.busy(name)
  local fields = { status = 409, retryable = true, details = { resource_info(name) } }
  return err.new("ABORTED", M.busy_sentence, fields)
end

---A method, or an option of one, that exists in the API and not here.
---@param what string its name
---@return mooncron.Err
function M.unimplemented(what)
  return err.new("UNIMPLEMENTED", what .. " is not implemented here", { status = 501 })
end

-- Answers without a canonical word of their own. Of the codes that share a status, the one that the
-- gRPC gateway means.
local CODES <const> = {
  [400] = "INVALID_ARGUMENT",
  [401] = "UNAUTHENTICATED",
  [403] = "PERMISSION_DENIED",
  [404] = "NOT_FOUND",
  [408] = "DEADLINE_EXCEEDED",
  [409] = "ABORTED",
  [416] = "OUT_OF_RANGE",
  [429] = "RESOURCE_EXHAUSTED",
  [499] = "CANCELLED",
  [500] = "INTERNAL",
  [501] = "UNIMPLEMENTED",
  [502] = "UNAVAILABLE",
  [503] = "UNAVAILABLE",
  [504] = "DEADLINE_EXCEEDED",
}

---The canonical code of an HTTP status.
---@param status integer
---@return string
function M.code_of(status)
  if CODES[status] then
    return CODES[status]
  elseif status >= 200 and status < 300 then
    return "OK"
  elseif status >= 400 and status < 500 then
    return "FAILED_PRECONDITION"
  end
  return status >= 500 and "INTERNAL" or "UNKNOWN"
end

local function one_line(text)
  text = text:gsub("%s+", " "):gsub("^ ", ""):gsub(" $", "")
  return #text > 500 and text:sub(1, 497):gsub("[\192-\255][\128-\191]*$", "") .. "..." or text
end

-- The `error` member of a decoded answer: Google's object, a list with one of them (streams), or
-- OAuth's two texts.
local function error_member(body)
  local value = json.decode(body)
  if type(value) ~= "table" then
    return nil
  end
  local found = (type(value[1]) == "table" and value[1] or value).error
  if type(found) == "string" then
    local more = value.error_description
    return { message = type(more) == "string" and found .. ": " .. more or found }
  end
  return type(found) == "table" and found or nil
end

-- What to say of a body that is no error of the API: the title of a page of HTML, or a plain text's
-- beginning.
local function other_sentence(status, body)
  local head = ("the server answered %d"):format(status)
  if not body:find("%S") then
    return head .. " and nothing else"
  end
  local title = body:match("<[Tt][Ii][Tt][Ll][Ee][^>]*>(.-)</")
  title = title or not body:find("^%s*[<{%[]") and body
  if not title or not title:find("%S") then
    return head .. " with something that is not an error of the API"
  elseif not utf8.len(title) then
    title = title:gsub("[\128-\255]", "?")
  end
  return head .. ": " .. one_line(title)
end

local function find_detail(details, name)
  for _, detail in ipairs(details) do
    if type(detail) == "table" and detail["@type"] == TYPE .. name then
      return detail
    end
  end
end

local MONTHS <const> = "JanFebMarAprMayJunJulAugSepOctNovDec"

-- Seconds since the epoch of an HTTP date, such as `Fri, 31 Dec 1999 23:59:59 GMT`.
local function http_date(text)
  local day, month, year, hour, minute, second =
    (text or ""):match("^%a+, (%d%d) (%a%a%a) (%d%d%d%d) (%d%d):(%d%d):(%d%d) GMT$")
  local at = month and MONTHS:find(month, 1, true)
  if not at or at % 3 ~= 1 then
    return nil
  end
  local m, y = at // 3 + 1, math.tointeger(tonumber(year))
  if m <= 2 then -- years from March on, so that a leap day comes last
    m, y = m + 12, y - 1
  end
  local days = 365 * y + y // 4 - y // 100 + y // 400 + (153 * m - 457) // 5 + day - 719469
  return days * 86400 + hour * 3600 + minute * 60 + second
end

-- Seconds to wait: RetryInfo's delay, else Retry-After's seconds, or its date less that of the
-- answer, which needs no clock here.
local function retry_after(details, headers)
  local info = find_detail(details, "RetryInfo")
  local n = info and duration.parse_json(info.retryDelay)
  if n then
    return n / duration.second
  end
  local text = headers["retry-after"] or ""
  local at, now = http_date(text), http_date(headers.date)
  if at and now then
    return math.max(0, at - now)
  end
  return math.tointeger(tonumber(text:match("^%s*(%d+)%s*$")))
end

local AGAIN <const> = { UNAVAILABLE = true, DEADLINE_EXCEEDED = true, RESOURCE_EXHAUSTED = true }

local function is_busy(e)
  return e.code == "ABORTED" and e.message:find(M.busy_sentence, 1, true) ~= nil
end

local function list_of(value)
  return type(value) == "table" and value[1] ~= nil and value or {}
end

---The error in a server's answer, whatever its body is. Besides the members of every error:
---`reason` (of ErrorInfo), `violations` (of BadRequest: a list of `field`, `description`),
---`retry_after` in seconds, each when it is there.
---@param status integer the HTTP status, not 2xx
---@param body string?
---@param headers table<string, string>? by lower-case name
---@return mooncron.Err
function M.from_answer(status, body, headers)
  body = body or ""
  local found = error_member(body) or {}
  local details = list_of(found.details)
  local message = type(found.message) == "string" and one_line(found.message) or ""
  local info, bad = find_detail(details, "ErrorInfo"), find_detail(details, "BadRequest")
  local violations = bad and list_of(bad.fieldViolations)
  local code = err.number[found.status] and found.status or M.code_of(status)
  local e = err.new(code, message ~= "" and message or other_sentence(status, body), {
    status = status,
    details = details[1] and details or nil,
    reason = info and info.reason,
    violations = violations and violations[1] and violations or nil,
    path = violations and violations[1] and #violations == 1 and violations[1].field or nil,
    retry_after = retry_after(details, headers or {}),
  })
  e.retryable = AGAIN[code] or is_busy(e) or nil
  return e
end

---How the official clients repeat calls [ref: cloud_scheduler_client_config.json].
M.retry = {
  initial_ms = 100,
  multiplier = 1.3,
  max_ms = 60000,
  total_ms = 600000,
  call_timeout_ms = 60000,
}

local function set(words)
  local out = {}
  for word in words:gmatch("%S+") do
    out[word] = true
  end
  return out
end

-- The other methods are never repeated by the official clients.
local IDEMPOTENT <const> = set "list_jobs get_job delete_job list_locations get_location"
local REPEATED <const> = set "UNAVAILABLE DEADLINE_EXCEEDED"
local MUTATIONS <const> = set "delete_job update_job pause_job resume_job run_job"

---Whether a failed call may be repeated as it was: as the official clients do, and besides [ours]
---what the service surely did not do: a call over the quota, and a change refused because another
---one of the same job was under way [tf].
---@param method string `get_job`, `create_job`, ...
---@param e mooncron.Err
---@return boolean
function M.may_retry(method, e)
  if e.code == "RESOURCE_EXHAUSTED" then
    return e.status == 429
  elseif MUTATIONS[method] and is_busy(e) then
    return true
  end
  return IDEMPOTENT[method] == true and REPEATED[e.code] == true
end

return M
