local metrics = require "mooncron.scheduler.metrics"

local function page(m)
  local values = {}
  for line in m:text({ { "in_flight", "On their way.", 3 } }):gmatch("[^\n]+") do
    if line:sub(1, 1) ~= "#" then
      local name, value = line:match("^(.*) (%S+)$")
      values[name] = tonumber(value)
    end
  end
  return values
end

describe("scheduler.metrics", function()
  it("counts in all and by job", function()
    local m = metrics.new()
    m:came_due("a", 1000, 1000)
    m:came_due("a", 1000, 2001)
    m:came_due("b", nil, 5000)
    m:attempted { job = "a", code = "OK", latency_us = 4000 }
    m:attempted { job = "a", code = "INTERNAL", latency_us = 300000 }
    local got = page(m)
    local ROWS <const> = {
      { "mooncron_due_total", 3, "what came due, run or left out" },
      { "mooncron_fired_total", 2, "what was left out did not fire" },
      { "mooncron_late_total", 1, "more than a second" },
      { "mooncron_attempts_total", 2, "attempts" },
      { "mooncron_failed_total", 1, "those without success" },
      { 'mooncron_job_due_total{job_name="b"}', 1, "of the job" },
      { 'mooncron_job_fired_total{job_name="b"}', 0, "of the job" },
      { 'mooncron_job_failed_total{job_name="a"}', 1, "of the job" },
      { 'mooncron_attempt_duration_seconds_bucket{le="0.005"}', 1, "4 ms" },
      { 'mooncron_attempt_duration_seconds_bucket{le="0.25"}', 1, "still only 4 ms" },
      { 'mooncron_attempt_duration_seconds_bucket{le="0.5"}', 2, "buckets hold what is below too" },
      { 'mooncron_attempt_duration_seconds_bucket{le="+Inf"}', 2, "all" },
      { "mooncron_attempt_duration_seconds_sum", 0.304, "seconds" },
      { "mooncron_attempt_duration_seconds_count", 2, "all" },
      { "mooncron_in_flight", 3, "a gauge" },
    }
    for _, row in ipairs(ROWS) do
      assert.equal(row[2], got[row[1]], row[1] .. ": " .. row[3])
    end
  end)

  it("puts a value on a bound below it, and one beyond all bounds into the last", function()
    local m = metrics.new()
    m:attempted { job = "a", code = "OK", latency_us = 5000 }
    m:attempted { job = "a", code = "OK", latency_us = 181000000 }
    local got = page(m)
    assert.equal(1, got['mooncron_attempt_duration_seconds_bucket{le="0.005"}'])
    assert.equal(1, got['mooncron_attempt_duration_seconds_bucket{le="180"}'])
    assert.equal(2, got['mooncron_attempt_duration_seconds_bucket{le="+Inf"}'])
  end)

  it("gives a series of their own to a bounded number of jobs", function()
    local m = metrics.new { max_jobs = 2 }
    for i = 1, 10 do
      m:came_due("j" .. i, 0, 0)
    end
    local got = page(m)
    assert.equal(10, got["mooncron_due_total"])
    assert.equal(1, got['mooncron_job_due_total{job_name="j2"}'])
    assert.is_nil(got['mooncron_job_due_total{job_name="j3"}'])
    assert.equal(8, got['mooncron_job_due_total{job_name="(others)"}'])
  end)

  it("describes each family once, before its values", function()
    local m = metrics.new()
    m:came_due("a", 0, 0)
    local types, current = {}, nil
    for line in m:text({ { "jobs", "Stored.", 1 } }):gmatch("[^\n]+") do
      local family = line:match("^# TYPE (%S+) ")
      if family then
        assert.is_nil(types[family], family)
        types[family], current = true, family
      elseif not line:find("^#") then
        assert.equal(1, line:find(current, 1, true), line)
      end
    end
  end)
end)
