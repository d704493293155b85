---Errors as values. A function that can fail because of the world returns `nil, err`; `err` prints
---as one line and concatenates. The C core makes objects of this same class.

local M = {}

---@class mooncron.Err
---@field code string canonical gRPC word, such as `INVALID_ARGUMENT`
---@field message string one line, lower case, no trailing dot
---@field path string? the field at fault, as in `http_target.uri`
---@field pos integer? byte offset in the offending text
---@field status integer? HTTP status, when a server answered
---@field details table? decoded `google.rpc.*` details of a server's answer
---@field cause mooncron.Err|string|nil what lay below
---@field retryable boolean? trying again later may help
local metatable = { __name = "mooncron.Err" }
M.metatable = metatable

function metatable.__tostring(e)
  local text = e.code .. ": " .. e.message
  if e.cause then
    text = text .. ": " .. tostring(e.cause)
  end
  return text
end

metatable.__index = {
  ---The message without the code, for people: one line.
  line = function(e)
    return e.cause and e.message .. ": " .. tostring(e.cause) or e.message
  end,
}

function metatable.__concat(a, b)
  return tostring(a) .. tostring(b)
end

---Make an error object.
---@param code string canonical gRPC word
---@param message string one line
---@param fields table? further fields of `mooncron.Err`
---@return mooncron.Err
function M.new(code, message, fields)
  local e = { code = code, message = message }
  for key, value in pairs(fields or {}) do
    e[key] = value
  end
  return setmetatable(e, metatable)
end

---@param value any
---@return boolean
function M.is(value)
  return getmetatable(value) == metatable
end

---HTTP status of a canonical code (google/rpc/code.proto).
M.http_status = {
  OK = 200,
  CANCELLED = 499,
  UNKNOWN = 500,
  INVALID_ARGUMENT = 400,
  DEADLINE_EXCEEDED = 504,
  NOT_FOUND = 404,
  ALREADY_EXISTS = 409,
  PERMISSION_DENIED = 403,
  RESOURCE_EXHAUSTED = 429,
  FAILED_PRECONDITION = 400,
  ABORTED = 409,
  OUT_OF_RANGE = 400,
  UNIMPLEMENTED = 501,
  INTERNAL = 500,
  UNAVAILABLE = 503,
  DATA_LOSS = 500,
  UNAUTHENTICATED = 401,
}

---Number of a canonical code, as in `google.rpc.Status.code`.
M.number = {
  OK = 0,
  CANCELLED = 1,
  UNKNOWN = 2,
  INVALID_ARGUMENT = 3,
  DEADLINE_EXCEEDED = 4,
  NOT_FOUND = 5,
  ALREADY_EXISTS = 6,
  PERMISSION_DENIED = 7,
  RESOURCE_EXHAUSTED = 8,
  FAILED_PRECONDITION = 9,
  ABORTED = 10,
  OUT_OF_RANGE = 11,
  UNIMPLEMENTED = 12,
  INTERNAL = 13,
  UNAVAILABLE = 14,
  DATA_LOSS = 15,
  UNAUTHENTICATED = 16,
}

return M
