---What an attempt's answer means: the status that the job shows and the words that the log shows.
---Pure.

local M = {}

---@class mooncron.scheduler.Outcome
---@field ok boolean
---@field code string canonical code, "OK" when it went well
---@field debug_info string
---@field http_status integer?

-- Rows 400 to 504: log dumps and recordings (fact sheet 5.5); other statuses by their nearest
-- canonical code [ours].
local BY_STATUS <const> = {
  [400] = { "INVALID_ARGUMENT", "URL_ERROR-ERROR_OTHER" },
  [401] = { "UNAUTHENTICATED", "URL_ERROR-ERROR_AUTHENTICATION" },
  [403] = { "PERMISSION_DENIED", "URL_ERROR-ERROR_OTHER" },
  [404] = { "NOT_FOUND", "URL_ERROR-ERROR_NOT_FOUND" },
  [408] = { "DEADLINE_EXCEEDED", "URL_ERROR-ERROR_OTHER" },
  [409] = { "ABORTED", "URL_ERROR-ERROR_OTHER" },
  [412] = { "FAILED_PRECONDITION", "URL_ERROR-ERROR_OTHER" },
  [416] = { "OUT_OF_RANGE", "URL_ERROR-ERROR_OTHER" },
  [429] = { "INTERNAL", "URL_UNREACHABLE-UNREACHABLE_5xx" },
  [504] = { "DEADLINE_EXCEEDED", "URL_UNREACHABLE-UNREACHABLE_5xx" },
}

local function by_status(status)
  if BY_STATUS[status] then
    return table.unpack(BY_STATUS[status])
  elseif status >= 500 then
    return "INTERNAL", "URL_UNREACHABLE-UNREACHABLE_5xx"
  end
  return "UNKNOWN", "URL_ERROR-ERROR_OTHER"
end

local function of_status(status)
  local words = "%s. Original HTTP response code number = %d"
  if status >= 200 and status <= 299 then
    return { ok = true, code = "OK", debug_info = words:format("URL_CRAWLED", status), http_status = status }
  end
  local code, family = by_status(status)
  return { ok = false, code = code, debug_info = words:format(family, status), http_status = status }
end

local known <const> = {} -- by status, of which there are few

---Of a target that answered. Shared: not to be changed.
---@param status integer HTTP status; of a chain of redirects the last one [ref]
---@return mooncron.scheduler.Outcome
function M.of_status(status)
  local result = known[status]
  if not result then
    result = of_status(status)
    known[status] = result
  end
  return result
end

---Of a target that did not answer. The deadline is recorded as a 504; the code of all else is not
---known [ours].
---@param e mooncron.Err of the transport
---@return mooncron.scheduler.Outcome
function M.of_error(e)
  if e.code == "DEADLINE_EXCEEDED" then
    return {
      ok = false,
      code = "DEADLINE_EXCEEDED",
      debug_info = "URL_TIMEOUT-TIMEOUT_WEB. Original HTTP response code number = 504",
    }
  end
  local words = "URL_UNREACHABLE-UNREACHABLE_NO_RESPONSE. " .. e.message
  return { ok = false, code = "UNAVAILABLE", debug_info = words }
end

---Of an attempt that could not even be made, as for want of a token or of a place to send it.
---@param e mooncron.Err
---@return mooncron.scheduler.Outcome
function M.of_refusal(e)
  return { ok = false, code = e.code, debug_info = e.message }
end

return M
