---An attempt's row as JSON and back: what `/mooncron/attempts` answers. Pure.

local base64 <const> = require "mooncron.api.base64"
local core <const> = require "mooncron.core"

local M = {}

---Order of the members.
M.order = {
  "id", "job", "scheduleTime", "forced", "attempt", "startTime", "endTime", "latencyUs", "targetType",
  "target", "code", "httpStatus", "debugInfo", "note", "answer",
}

-- Text of others may hold any bytes; JSON is UTF-8.
local function utf8_of(text)
  return utf8.len(text) and text or (text:gsub("[\128-\255]", "?"))
end

local function integer(value)
  return value and math.tointeger(value)
end

---@param row table of mooncron.scheduler.Store
---@return table
function M.to_json(row)
  return {
    id = row.id,
    job = row.job,
    scheduleTime = core.time.format(row.scheduled_ms, 3),
    forced = row.forced == 1,
    attempt = row.attempt,
    startTime = core.time.format(row.started_ms, 3),
    endTime = core.time.format(row.ended_ms, 3),
    latencyUs = row.latency_us,
    targetType = row.target_type,
    target = utf8_of(row.target),
    code = row.code,
    httpStatus = row.http_status,
    debugInfo = utf8_of(row.debug_info),
    note = row.note,
    answer = base64.encode(row.answer), -- bytes, as everywhere in the API
  }
end

---@param value table
---@return table row
function M.from_json(value)
  return {
    id = integer(value.id),
    job = value.job,
    scheduled_ms = core.time.parse_instant(value.scheduleTime),
    forced = value.forced and 1 or 0,
    attempt = integer(value.attempt),
    started_ms = core.time.parse_instant(value.startTime),
    ended_ms = core.time.parse_instant(value.endTime),
    latency_us = integer(value.latencyUs),
    target_type = value.targetType,
    target = value.target,
    code = value.code,
    http_status = integer(value.httpStatus),
    debug_info = value.debugInfo,
    note = value.note,
    answer = base64.decode(value.answer or "") or "",
  }
end

return M
