---Attempts in the shape in which Cloud Logging shows those of the service (fact sheet 5.6): two
---entries an attempt, AttemptStarted and AttemptFinished. Pure.

local core <const> = require "mooncron.core"
local names <const> = require "mooncron.api.name"

local M = {}

local TYPE <const> = "type.googleapis.com/google.cloud.scheduler.logging."

---Order of an entry's members, for `json.canonical` and `json.pretty`.
M.order = {
  "insertId", "logName", "resource", "timestamp", "receiveTimestamp", "severity", "labels", "httpRequest",
  "jsonPayload",
  resource = { "type", "labels", labels = { "project_id", "location", "job_id" } },
  labels = { "attempt", "note" },
  jsonPayload = {
    "@type", "jobName", "scheduledTime", "targetType", "url", "pubsubTopic", "relativeUrl", "status",
    "debugInfo",
  },
}

-- Where a target's address stands, by its type; the one of App Engine is not known [ours].
local ADDRESS <const> = { HTTP = "url", PUB_SUB = "pubsubTopic", APP_ENGINE_HTTP = "relativeUrl" }

local function entry(row, kind, at_ms, severity)
  local name = names.parse(row.job) or { project = "", location = "", job = row.job }
  local time = core.time.format(at_ms, 3)
  return {
    insertId = ("mooncron-%d-%s"):format(row.id, kind:lower()),
    logName = ("projects/%s/logs/cloudscheduler.googleapis.com%%2Fexecutions"):format(name.project),
    resource = {
      type = "cloud_scheduler_job",
      labels = { project_id = name.project, location = name.location, job_id = name.job },
    },
    timestamp = time,
    receiveTimestamp = time,
    severity = severity,
    labels = { attempt = tostring(row.attempt), note = row.note }, -- LogEntry has room for ours [ours]
    jsonPayload = {
      ["@type"] = TYPE .. "Attempt" .. kind,
      jobName = row.job,
      targetType = row.target_type,
      [ADDRESS[row.target_type]] = row.target,
    },
  }
end

---The entries of an attempt.
---@param row table of mooncron.scheduler.Store
---@return table started
---@return table finished
function M.of(row)
  local started = entry(row, "Started", row.started_ms, "INFO")
  started.jsonPayload.scheduledTime = core.time.format(row.scheduled_ms, 3)
  local ok = row.code == "OK"
  local finished = entry(row, "Finished", row.ended_ms, ok and "INFO" or "ERROR")
  finished.jsonPayload.status = not ok and row.code or nil
  if row.target_type ~= "PUB_SUB" then
    finished.jsonPayload.debugInfo = row.debug_info
    finished.httpRequest = row.http_status and { status = row.http_status } or nil
  end
  return started, finished
end

---The entries of attempts, in the attempts' order.
---@param rows table[]
---@return table[]
function M.list(rows)
  local entries = {}
  for _, row in ipairs(rows) do
    local started, finished = M.of(row)
    entries[#entries + 1] = started
    entries[#entries + 1] = finished
  end
  return entries
end

return M
