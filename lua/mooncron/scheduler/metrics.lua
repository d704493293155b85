---What the scheduler has done so far, in numbers, as Prometheus reads them (text format 0.0.4). Pure.

local M = {}

---@class mooncron.scheduler.Metrics
local Metrics = { __name = "mooncron.scheduler.Metrics" }
Metrics.__index = Metrics

M.CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

local MAX_JOBS <const> = 200 -- with a series of their own; the jobs after them share one
local OTHERS <const> = "(others)" -- no job is called so

-- A run that begins so much later than its slot counts as late [ours].
local LATE_MS <const> = 1000

local COUNTERS <const> = {
  { "due", "Slots and forced runs that came due." },
  { "fired", "Executions begun." },
  { "late", "Executions begun more than a second after their slot." },
  { "attempts", "Attempts ended." },
  { "failed", "Attempts ended without success." },
}

-- Upper bounds in seconds.
local BUCKETS <const> = { 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180 }

local function new_counts()
  local counts = {}
  for _, row in ipairs(COUNTERS) do
    counts[row[1]] = 0
  end
  return counts
end

---@param options { max_jobs: integer? }?
---@return mooncron.scheduler.Metrics
function M.new(options)
  local self = setmetatable({
    max_jobs = options and options.max_jobs or MAX_JOBS,
    all = new_counts(),
    by_job = {},
    job_count = 0,
    latency = { sum_us = 0, count = 0 }, -- and how many fell into each bucket
  }, Metrics)
  for i = 1, #BUCKETS do
    self.latency[i] = 0
  end
  return self
end

local function counts_of(self, job)
  local counts = self.by_job[job]
  if counts then
    return counts
  end
  if self.job_count >= self.max_jobs then
    job = OTHERS
    counts = self.by_job[job]
  end
  if not counts then
    counts = new_counts()
    self.by_job[job], self.job_count = counts, self.job_count + 1
  end
  return counts
end

local function add(all, counts, name)
  all[name], counts[name] = all[name] + 1, counts[name] + 1
end

---A slot or a forced run came due.
---@param job string
---@param slot_ms integer? when it began that late; nil: it was left out
---@param now_ms integer
function Metrics:came_due(job, slot_ms, now_ms)
  local all, counts = self.all, counts_of(self, job)
  add(all, counts, "due")
  if slot_ms then
    add(all, counts, "fired")
    if now_ms - slot_ms > LATE_MS then
      add(all, counts, "late")
    end
  end
end

---@param attempt table its record
function Metrics:attempted(attempt)
  local all, counts = self.all, counts_of(self, attempt.job)
  add(all, counts, "attempts")
  if attempt.code ~= "OK" then
    add(all, counts, "failed")
  end
  local latency, seconds, i = self.latency, attempt.latency_us / 1000000, 1
  latency.sum_us, latency.count = latency.sum_us + attempt.latency_us, latency.count + 1
  while BUCKETS[i] and seconds > BUCKETS[i] do
    i = i + 1
  end
  if BUCKETS[i] then
    latency[i] = latency[i] + 1
  end
end

local function escape(text)
  return (text:gsub('[\\"\n]', { ["\\"] = "\\\\", ['"'] = '\\"', ["\n"] = "\\n" }))
end

local function sorted_jobs(self)
  local jobs = {}
  for job in pairs(self.by_job) do
    jobs[#jobs + 1] = job
  end
  table.sort(jobs)
  return jobs
end

---The page. `gauges` are values of this moment: rows of name, help, value.
---@param gauges { [1]: string, [2]: string, [3]: number }[]
---@return string
function Metrics:text(gauges)
  local lines, jobs = {}, sorted_jobs(self)
  local function put(format, ...)
    lines[#lines + 1] = format:format(...)
  end
  local function head(name, kind, help)
    put("# HELP mooncron_%s %s", name, help)
    put("# TYPE mooncron_%s %s", name, kind)
  end
  for _, row in ipairs(COUNTERS) do
    local name, help = row[1], row[2]
    head(name .. "_total", "counter", help)
    put("mooncron_%s_total %d", name, self.all[name])
    head("job_" .. name .. "_total", "counter", help .. " By job.")
    for _, job in ipairs(jobs) do
      put('mooncron_job_%s_total{job_name="%s"} %d', name, escape(job), self.by_job[job][name])
    end
  end
  head("attempt_duration_seconds", "histogram", "From a request's start to the end of its answer.")
  local below = 0
  for i, bound in ipairs(BUCKETS) do
    below = below + self.latency[i]
    put('mooncron_attempt_duration_seconds_bucket{le="%g"} %d', bound, below)
  end
  put('mooncron_attempt_duration_seconds_bucket{le="+Inf"} %d', self.latency.count)
  put("mooncron_attempt_duration_seconds_sum %.6f", self.latency.sum_us / 1000000)
  put("mooncron_attempt_duration_seconds_count %d", self.latency.count)
  for _, gauge in ipairs(gauges) do
    head(gauge[1], "gauge", gauge[2])
    put("mooncron_%s %d", gauge[1], gauge[3])
  end
  return table.concat(lines, "\n") .. "\n"
end

return M
