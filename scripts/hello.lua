#!/usr/bin/env mooncron
-- A first whole run: jobs from a table of rows, on the local scheduler, really sent over HTTP to a
-- receiver of our own. The scheduler's clock is moved by an hour, so nobody waits.

local mooncron = require "mooncron"
local text = require "mooncron.text"

-- Where the jobs live. On Google Cloud these are your project and a region.
local parent <const> = "projects/P/locations/R"

-- Nothing names a cloud project, so this is the local scheduler, in this process.
local scheduler <close> = assert(mooncron.connect())
print(("connected to the %s\n"):format(scheduler.backend:describe()))

-- A receiver on 127.0.0.1 that keeps what arrives. /flaky fails every other time.
local arrived, refusals = {}, 0
local receiver <close> = assert(mooncron.http.serve {
  handler = function(request)
    arrived[#arrived + 1] = request
    if request.target == "/flaky" then
      refusals = refusals + 1
      return { status = refusals % 2 == 1 and 503 or 200 }
    end
    return { status = 200, body = "thank you\n" }
  end,
})

-- One row a job: that is all that differs.
local rows <const> = {
  { id = "quarters", schedule = "*/15 * * * *", zone = "UTC", path = "/quarters" },
  { id = "new-york", schedule = "30 * * * *", zone = "America/New_York", path = "/report?for=NYC" },
  { id = "flaky", schedule = "every 20 mins synchronized", zone = "Europe/Berlin", path = "/flaky" },
  { id = "yearly", schedule = "0 0 29 2 *", zone = "Asia/Kathmandu", path = "/leap-day" },
}

local jobs = {
  {
    name = parent .. "/jobs/hello",
    description = "My Cloud Scheduler Job",
    schedule = "* * * * *",
    time_zone = "UTC",
    http_target = {
      uri = receiver.url .. "/hello",
      http_method = "POST",
      body = "Hello, Cloud Scheduler!",
    },
  },
}
for _, row in ipairs(rows) do
  jobs[#jobs + 1] = {
    name = parent .. "/jobs/" .. row.id,
    schedule = row.schedule,
    time_zone = row.zone,
    http_target = { uri = receiver.url .. row.path, http_method = "GET" },
    retry_config = { retry_count = 2, min_backoff_duration = "10s" },
  }
end

for _, job in ipairs(jobs) do
  scheduler:delete_job(job.name) -- left over from an earlier run, perhaps
  assert(scheduler:create_job(job))
end

local listed = {}
for job in scheduler:list_jobs { parent = parent } do
  listed[#listed + 1] = {
    job = job.name:match("[^/]+$"),
    schedule = job.schedule,
    time_zone = job.time_zone,
    state = job.state,
    next_run = job.schedule_time,
  }
end
print(text.table(listed, { "job", "schedule", "time_zone", "state", "next_run" }))

-- Force one to run, now and beside its schedule.
assert(scheduler:run_job(parent .. "/jobs/hello"))
scheduler:run_due()
print("forced run of hello, as it arrived:\n")
print(("  %s %s"):format(arrived[1].method, arrived[1].target))
for line in arrived[1].head:gmatch("[^\r\n]+") do
  print("  " .. line)
end
print(("\n  %s\n"):format(arrived[1].body))

-- An hour of the scheduler's time: every due job is sent, its retries with it.
local instants = scheduler:advance("1h")
print(("advanced by an hour: something was due at %d instants; the last arrivals:\n"):format(instants))

local last = {}
for i = math.max(1, #arrived - 9), #arrived do
  local request = arrived[i]
  last[#last + 1] = {
    request = request.method .. " " .. request.target,
    ["x-cloudscheduler-jobname"] = request.headers["x-cloudscheduler-jobname"],
    ["x-cloudscheduler-scheduletime"] = request.headers["x-cloudscheduler-scheduletime"],
    ["user-agent"] = request.headers["user-agent"],
    body = request.body,
  }
end
print(text.table(last, {
  "request", "x-cloudscheduler-jobname", "x-cloudscheduler-scheduletime", "user-agent", "body",
}))

local counts, failed = {}, {}
for _, attempt in ipairs(assert(scheduler:attempts { limit = 10000 })) do
  local id = attempt.job:match("[^/]+$")
  counts[id] = (counts[id] or 0) + 1
  failed[id] = (failed[id] or 0) + (attempt.code == "OK" and 0 or 1)
end
local summary = {}
for job in scheduler:list_jobs { parent = parent } do
  local id = job.name:match("[^/]+$")
  summary[#summary + 1] = {
    job = id,
    attempts = counts[id] or 0,
    failed = failed[id] or 0,
    last_attempt = job.last_attempt_time or "never",
    next_run = job.schedule_time,
  }
end
print(text.table(summary, { "job", "attempts", "failed", "last_attempt", "next_run" }))

assert(scheduler:delete_job(parent .. "/jobs/yearly"))
local left = 0
for _ in scheduler:list_jobs { parent = parent } do
  left = left + 1
end
print(("deleted yearly, %d jobs are left"):format(left))
