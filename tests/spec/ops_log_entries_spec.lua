local log_entries = require "mooncron.scheduler.log_entries"

local function row(fields)
  local r = {
    id = 7,
    job = "projects/p/locations/l/jobs/j",
    scheduled_ms = 1704088740829,
    started_ms = 1704088740900,
    ended_ms = 1704088741000,
    attempt = 1,
    forced = 0,
    latency_us = 99000,
    target_type = "HTTP",
    target = "https://example.com/x",
    code = "INTERNAL",
    http_status = 500,
    debug_info = "URL_UNREACHABLE-UNREACHABLE_5xx. Original HTTP response code number = 500",
    answer = "",
  }
  for key, value in pairs(fields or {}) do
    r[key] = value ~= "nil" and value or nil
  end
  return r
end

describe("scheduler.log_entries", function()
  local COMMON <const> = {
    logName = "projects/p/logs/cloudscheduler.googleapis.com%2Fexecutions",
    resource = {
      type = "cloud_scheduler_job",
      labels = { project_id = "p", location = "l", job_id = "j" },
    },
  }

  it("tells a failure as Cloud Logging does", function()
    local started, finished = log_entries.of(row())
    assert.same({
      insertId = "mooncron-7-started",
      logName = COMMON.logName,
      resource = COMMON.resource,
      timestamp = "2024-01-01T05:59:00.900Z",
      receiveTimestamp = "2024-01-01T05:59:00.900Z",
      severity = "INFO",
      labels = { attempt = "1" },
      jsonPayload = {
        ["@type"] = "type.googleapis.com/google.cloud.scheduler.logging.AttemptStarted",
        jobName = "projects/p/locations/l/jobs/j",
        scheduledTime = "2024-01-01T05:59:00.829Z",
        targetType = "HTTP",
        url = "https://example.com/x",
      },
    }, started)
    assert.same({
      insertId = "mooncron-7-finished",
      logName = COMMON.logName,
      resource = COMMON.resource,
      timestamp = "2024-01-01T05:59:01.000Z",
      receiveTimestamp = "2024-01-01T05:59:01.000Z",
      severity = "ERROR",
      labels = { attempt = "1" },
      httpRequest = { status = 500 },
      jsonPayload = {
        ["@type"] = "type.googleapis.com/google.cloud.scheduler.logging.AttemptFinished",
        jobName = "projects/p/locations/l/jobs/j",
        targetType = "HTTP",
        url = "https://example.com/x",
        status = "INTERNAL",
        debugInfo = "URL_UNREACHABLE-UNREACHABLE_5xx. Original HTTP response code number = 500",
      },
    }, finished)
  end)

  local ROWS <const> = {
    { { code = "OK", http_status = 200 }, "INFO", nil, { status = 200 }, "success has no status" },
    { { code = "NOT_FOUND", http_status = 404 }, "ERROR", "NOT_FOUND", { status = 404 }, "failure has one" },
    { { code = "UNAVAILABLE", http_status = "nil" }, "ERROR", "UNAVAILABLE", nil, "no answer" },
  }
  for _, case in ipairs(ROWS) do
    it("of an end: " .. case[5], function()
      local _, finished = log_entries.of(row(case[1]))
      assert.equal(case[2], finished.severity)
      assert.equal(case[3], finished.jsonPayload.status)
      assert.same(case[4], finished.httpRequest)
    end)
  end

  it("names a topic, and no HTTP, of a Pub/Sub job", function()
    local started, finished = log_entries.of(row {
      target_type = "PUB_SUB", target = "projects/p/topics/t", code = "OK", http_status = 200,
    })
    assert.equal("projects/p/topics/t", started.jsonPayload.pubsubTopic)
    assert.is_nil(started.jsonPayload.url)
    assert.is_nil(finished.httpRequest)
    assert.is_nil(finished.jsonPayload.debugInfo)
  end)

  it("says in the labels why it is not a plain run", function()
    local started = log_entries.of(row { note = "late", attempt = 3 })
    assert.same({ attempt = "3", note = "late" }, started.labels)
  end)

  it("gives every entry an id of its own", function()
    local seen = {}
    for _, e in ipairs(log_entries.list { row(), row { id = 8 } }) do
      assert.is_nil(seen[e.insertId])
      seen[e.insertId] = true
    end
  end)
end)
