---What came of an attempt, in words for people. Pure.

local M = {}

-- The reason phrases of the statuses that one meets (RFC 9110).
local PHRASES <const> = {
  [400] = "Bad Request", [401] = "Unauthorized", [403] = "Forbidden", [404] = "Not Found",
  [405] = "Method Not Allowed", [408] = "Request Timeout", [409] = "Conflict", [410] = "Gone",
  [412] = "Precondition Failed", [413] = "Content Too Large", [415] = "Unsupported Media Type",
  [422] = "Unprocessable Content", [429] = "Too Many Requests", [500] = "Internal Server Error",
  [501] = "Not Implemented", [502] = "Bad Gateway", [503] = "Service Unavailable", [504] = "Gateway Timeout",
}

local ADVICE <const> = {
  [401] = "the target wants another token, or one at all",
  [403] = "the target knows the caller and refuses",
  [404] = "nothing is at this path",
  [405] = "the target wants another method",
  [429] = "the target is called too often",
}

---@param attempt { code: string, http_status: integer?, debug_info: string }
---@return string one line
function M.outcome(attempt)
  local status = attempt.http_status
  if attempt.code == "OK" then
    return status and ("the target answered %d"):format(status) or "it went well"
  elseif status then
    local phrase, advice = PHRASES[status], ADVICE[status]
    if status >= 300 and status < 400 then
      advice = "a redirect that leads nowhere"
    end
    return ("the target answered %d%s%s"):format(status, phrase and " " .. phrase or "",
      advice and ": " .. advice or "")
  elseif attempt.code == "DEADLINE_EXCEEDED" then
    return "no answer before the attempt's deadline"
  end
  local why = attempt.debug_info:match("^URL_UNREACHABLE%-%S+ (.*)$")
  if why then
    return "the target cannot be reached: " .. why
  end
  return "it was not sent: " .. attempt.debug_info
end

return M
