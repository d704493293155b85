---A target for tests: keeps the requests that jobs send to it, answers as it is told, and says in one
---line what is not as expected. It knows nothing of how requests reach it.

local tables <const> = require "mooncron.tables"

local M = {}

---The host of recorders that are in the scheduler's process: `http://recorder.invalid/NAME`. Nothing
---that resolves can have it (RFC 6761).
M.HOST = "recorder.invalid"

---@class mooncron.RecordedRequest
---@field job string full name
---@field method string
---@field path string path and query, behind the recorder's own uri
---@field headers table<string, string> by lower-case name
---@field body string

---@class mooncron.Recorder
---@field uri string what a job's target says; a path may follow
---@field name string
local Recorder = { __name = "mooncron.recorder" }
Recorder.__index = Recorder

local DEFAULT <const> = { status = 200, headers = {}, body = "" }
local SLOTS <const> = 5 -- of `kept` for a request: a function and the values that it makes it of
local MAX_KEPT <const> = 100000 -- requests; the oldest go first

---@param name string
---@param uri string
---@return mooncron.Recorder
function M.new(name, uri)
  return setmetatable({ name = name, uri = uri, kept = {}, head = 1, tail = 0, total = 0 }, Recorder)
end

---Name and path of a URL of a recorder in this process.
---@param url string
---@return string? name
---@return string? path
function M.parse(url)
  local name, rest = url:match("^https?://recorder%.invalid/([%w%-_.]+)(.*)$")
  if name then
    return name, rest
  end
end

function Recorder:__tostring()
  return ("mooncron.recorder '%s' (%d requests)"):format(self.name, self.total)
end

---What it answers from now on: a fixed answer, or a function of the request; it may wait. Without
---one, or with nil from the function, 200.
---@param answer table|fun(request: mooncron.RecordedRequest): table?
function Recorder:respond(answer)
  if answer ~= nil and type(answer) ~= "table" and type(answer) ~= "function" then
    error("an answer is a table or a function, not " .. type(answer), 2)
  end
  self.answer = answer
end

---Whether taking a request may wait.
---@return boolean
function Recorder:may_wait()
  return type(self.answer) == "function"
end

local function itself(request)
  return request
end

-- The n-th request, which is made when it is first looked at.
local function look_at(self, n)
  local kept, at = self.kept, n * SLOTS
  if kept[at] ~= itself then
    kept[at + 1] = kept[at](table.unpack(kept, at + 1, at + SLOTS - 1))
    kept[at], kept[at + 2], kept[at + 3], kept[at + 4] = itself, nil, nil, nil
  end
  return kept[at + 1]
end

local function forget(self, n)
  for at = n * SLOTS, n * SLOTS + SLOTS - 1 do
    self.kept[at] = nil
  end
end

---Take a request that `make(a, b, c, d)` tells of: most are counted and never looked at. What its
---answering function raises is raised here.
---@param make fun(a: any, b: any, c: any, d: any): mooncron.RecordedRequest
---@return { status: integer, headers: table, body: string }
function Recorder:receive_from(make, a, b, c, d)
  self.tail, self.total = self.tail + 1, self.total + 1
  local kept, at = self.kept, self.tail * SLOTS
  kept[at], kept[at + 1], kept[at + 2], kept[at + 3], kept[at + 4] = make, a, b, c, d or false
  if self.tail - self.head >= MAX_KEPT then
    forget(self, self.head)
    self.head = self.head + 1
  end
  local answer = self.answer
  if type(answer) == "function" then
    answer = answer(look_at(self, self.tail))
  end
  if not answer then
    return DEFAULT
  end
  return { status = answer.status or 200, headers = answer.headers or {}, body = answer.body or "" }
end

---Take a request.
---@param request mooncron.RecordedRequest
---@return { status: integer, headers: table, body: string }
function Recorder:receive(request)
  return self:receive_from(itself, request)
end

---What has arrived, the oldest first.
---@return mooncron.RecordedRequest[]
function Recorder:requests()
  local list = {}
  for n = self.head, self.tail do
    list[#list + 1] = look_at(self, n)
  end
  return list
end

---@return integer requests since the beginning, or since `clear`
function Recorder:count()
  return self.total
end

---@return mooncron.RecordedRequest?
function Recorder:last()
  return self.tail >= self.head and look_at(self, self.tail) or nil
end

---Forget what has arrived.
function Recorder:clear()
  self.kept, self.head, self.tail, self.total = {}, 1, 0, 0
end

-- ---- assertions ----

local FIELDS <const> = { "job", "method", "path", "body" }
local KNOWN <const> = { job = true, method = true, path = true, body = true, headers = true, times = true }

local function quote(text)
  if #text > 80 then
    text = text:sub(1, 77) .. "..."
  end
  return "'" .. text:gsub("%c", function(c)
    return ("\\x%02x"):format(c:byte())
  end) .. "'"
end

local function fits(wanted, got)
  if type(wanted) == "function" then
    return wanted(got)
  end
  return wanted == got
end

-- What of a request is not as wanted, in words; nil when all is.
local function difference(wanted, request)
  for _, field in ipairs(FIELDS) do
    local got = request[field]
    if field == "path" and type(wanted.path) == "string" and not wanted.path:find("?", 1, true) then
      got = got:match("^[^?]*")
    end
    if wanted[field] ~= nil and not fits(wanted[field], got) then
      return ("%s %s"):format(field, quote(got))
    end
  end
  for _, name in ipairs(tables.sorted_keys(wanted.headers or {})) do
    local got = request.headers[name:lower()]
    if not fits(wanted.headers[name], got) then
      return ("header %s %s"):format(name, got and quote(got) or "missing")
    end
  end
end

local function describe(wanted)
  local parts = {}
  for _, field in ipairs(FIELDS) do
    local value = wanted[field]
    if value ~= nil then
      parts[#parts + 1] = field .. " " .. (type(value) == "string" and quote(value) or "as asked")
    end
  end
  for name, value in pairs(wanted.headers or {}) do
    parts[#parts + 1] = ("header %s %s"):format(name, type(value) == "string" and quote(value) or "as asked")
  end
  table.sort(parts)
  return parts[1] and " with " .. table.concat(parts, ", ") or ""
end

---Raise one line unless such a request has arrived: `times` of them, or without that at least one.
---Values are compared, functions are asked; a path without a query fits any query.
---@param wanted { job: any, method: any, path: any, body: any, headers: table?, times: integer? }?
---@return mooncron.RecordedRequest? request the last one that fits
function Recorder:assert_received(wanted)
  wanted = wanted or {}
  for field in pairs(wanted) do
    if not KNOWN[field] then
      error(("unknown field '%s': use job, method, path, body, headers, times"):format(tostring(field)), 2)
    end
  end
  local found, count, last_difference = nil, 0, nil
  for _, request in ipairs(self:requests()) do
    local other = difference(wanted, request)
    if other then
      last_difference = other
    else
      found, count = request, count + 1
    end
  end
  if wanted.times and count == wanted.times or not wanted.times and count > 0 then
    return found
  end
  local many = wanted.times and ("%d requests"):format(wanted.times) or "a request"
  local hint = ""
  if last_difference and count < (wanted.times or 1) then
    hint = "; the last other one had " .. last_difference
  end
  error(("recorder '%s': wanted %s%s, got %d of %d%s"):format(
    self.name, many, describe(wanted), count, self:count(), hint), 2)
end

return M
