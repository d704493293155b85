-- Previews: runs in order, the changes of the clock, the load, and the forms that they are printed in.

local core = require "mooncron.core"
local ical = require "mooncron.preview.ical"
local page = require "mooncron.preview.page"
local preview_of = require "mooncron.preview"
local text = require "mooncron.preview.text"

local function ms(instant)
  return assert(core.time.parse_instant(instant))
end

-- Jobs as rows { id, schedule, zone, declared? }.
local function make(rows, from, to)
  local jobs = {}
  for i, row in ipairs(rows) do
    jobs[i] = assert(preview_of.job({
      name = "projects/p/locations/l/jobs/" .. row[1], schedule = row[2], time_zone = row[3],
      state = row.state, schedule_time = row.next,
    }, ms(from), row.declared))
  end
  return assert(preview_of.make(jobs, ms(from), ms(to)))
end

local function listed(preview)
  local list = {}
  for kind, at, thing in preview:events() do
    list[#list + 1] = core.time.format(at) .. " " .. (kind == "run" and thing.id or kind)
  end
  return list
end

local function written(write, preview, options)
  local parts = {}
  write(preview, options, function(part)
    parts[#parts + 1] = part
  end)
  return table.concat(parts)
end

describe("a preview", function()
  it("leaves out the days that a job does not fire on", function()
    local job = assert(preview_of.job({ name = "a", schedule = "0 9 * * *", time_zone = "UTC" },
      ms "2027-01-01T00:00:00Z", { exceptions = {
        except = { "2027-01-02" }, window = { from = "2027-01-01", to = "2027-01-03" },
      } }))
    local preview = assert(preview_of.make({ job }, ms "2027-01-01T00:00:00Z", ms "2027-01-08T00:00:00Z"))
    assert.same({ "2027-01-01T09:00:00Z a", "2027-01-03T09:00:00Z a" }, listed(preview))
    assert.equal(2, preview.total)
  end)

  it("has the runs of all jobs in time order, its beginning in it and its end not", function()
    local preview = make({ { "b", "0 * * * *", "UTC" }, { "a", "*/30 * * * *", "UTC" } },
      "2027-01-01T00:00:00Z", "2027-01-01T01:00:00Z")
    assert.same({
      "2027-01-01T00:00:00Z b", "2027-01-01T00:00:00Z a", "2027-01-01T00:30:00Z a",
    }, listed(preview))
    assert.equal(3, preview.total)
    assert.same({ count = 2, at = ms "2027-01-01T00:00:00Z" }, preview.peak)
    assert.equal(2, preview.busy_minutes)
    assert.equal(60, #preview.minutes)
  end)

  it("marks the changes of the clock, and tells what they do to runs", function()
    local preview = make({ { "skipped", "30 2 * * *", "Europe/Berlin" }, { "utc", "30 0 * * *", "UTC" } },
      "2027-03-28T00:00:00Z", "2027-03-29T00:00:00Z")
    assert.same({ "2027-03-28T00:30:00Z utc", "2027-03-28T01:00:00Z change" }, listed(preview))
    assert.equal("Europe/Berlin: the clock goes forward 1 h, 02:00 is 03:00 (1 job)",
      preview_of.describe_change(preview.changes[1]))
    assert.same({ "dst_skipped", "skipped" }, { preview.notes[1].kind, preview.notes[1].job.id })
  end)

  it("leaves out paused jobs, and jobs outside their span", function()
    local active = { from_ms = ms "2027-01-02T00:00:00Z", to_ms = ms "2027-01-03T00:00:00Z" }
    local preview = make({
      { "asleep", "0 0 * * *", "UTC", state = "PAUSED" },
      { "declared", "0 0 * * *", "UTC", declared = { paused = true } },
      { "spanned", "0 0 * * *", "UTC", declared = { active = active } },
    }, "2027-01-01T00:00:00Z", "2027-01-06T00:00:00Z")
    assert.same({ "2027-01-02T00:00:00Z spanned", "2027-01-03T00:00:00Z spanned" }, listed(preview))
    assert.equal(2, preview.total)
  end)

  it("counts a live job's interval from the next run that the service tells", function()
    local preview = make({ { "every", "every 7 hours", "UTC", next = "2027-01-02T03:00:05Z" } },
      "2027-01-01T00:00:00Z", "2027-01-02T12:00:00Z")
    assert.same({
      "2027-01-01T06:00:05Z every", "2027-01-01T13:00:05Z every", "2027-01-01T20:00:05Z every",
      "2027-01-02T03:00:05Z every", "2027-01-02T10:00:05Z every",
    }, listed(preview))
  end)

  it("counts as many runs as it lists, however the jobs are grouped", function()
    local schedules = { "*/7 * * * *", "3 */2 * * 1-5", "every 10 minutes", "0 2 * * *", "0 0 29 2 *" }
    local rows, zones = {}, { "UTC", "Europe/Berlin", "America/New_York" }
    for i = 1, 60 do
      rows[i] = { "job-" .. i, schedules[i % 5 + 1], zones[i % 3 + 1] }
    end
    local preview = make(rows, "2027-10-28T00:00:00Z", "2027-11-09T00:00:00Z")
    local count, by_minute = 0, {}
    for at in preview:runs() do
      count = count + 1
      local minute = (at - preview.first_ms) // 60000 + 1
      by_minute[minute] = (by_minute[minute] or 0) + 1
    end
    assert.equal(preview.total, count)
    for i, n in ipairs(preview.minutes) do
      assert.equal(by_minute[i] or 0, n)
    end
    local sum = 0
    for _, job in ipairs(preview.jobs) do
      sum = sum + job.runs
    end
    assert.equal(count, sum)
  end)

  it("refuses an empty span, one that is too long, and a schedule that is none", function()
    local now = ms "2027-01-01T00:00:00Z"
    assert.equal("INVALID_ARGUMENT", select(2, preview_of.make({}, now, now)).code)
    assert.equal("INVALID_ARGUMENT", select(2, preview_of.make({}, now, now + 401 * 86400000)).code)
    local job, e = preview_of.job({ name = "n", schedule = "61 * * * *" }, now)
    assert.is_nil(job)
    assert.matches("^job 'n': minute 61 is not in 0%-59$", e.message)
  end)
end)

describe("segments", function()
  local rows = {
    { {}, {}, "no run" },
    { { 5000 }, { 5, 0, 1 }, "one run" },
    { { 0, 60000, 120000 }, { 0, 60, 3 }, "even steps are one segment" },
    { { 0, 60000, 120000, 300000, 360000 }, { 0, 60, 3, 300, 60, 2 }, "a gap begins another" },
  }
  for _, row in ipairs(rows) do
    it("hold runs: " .. row[3], function()
      assert.same(row[2], page.segments(row[1], {}))
    end)
  end
end)

describe("iCalendar", function()
  it("folds lines at 75 octets, never inside a character", function()
    local line = "SUMMARY:" .. ("ä"):rep(60)
    local folded = ical.fold(line)
    for part in folded:gmatch("([^\n]*)\r\n") do
      assert.is_true(#part <= 75)
      assert.truthy(utf8.len(part))
    end
    assert.equal(line .. "\r\n", (folded:gsub("\r\n ", "")))
  end)

  it("escapes what means something", function()
    assert.equal("a\\, b\\; c\\\\d\\ne", ical.escape("a, b; c\\d\ne"))
  end)

  it("has an event a run, whose name stays the same", function()
    local function print_at(now)
      local preview = make({ { "a", "0 9 * * *", "UTC" } }, "2027-01-01T00:00:00Z", "2027-01-03T00:00:00Z")
      return written(ical.write, preview, { now_ms = ms(now) })
    end
    local first = print_at "2026-01-01T00:00:00Z"
    assert.matches("^BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", first)
    assert.matches("END:VCALENDAR\r\n$", first)
    assert.equal(2, select(2, first:gsub("BEGIN:VEVENT\r\n", "")))
    assert.matches("\r\nDTSTART:20270101T090000Z\r\n", first)
    assert.is_nil(first:gsub("\r\n", ""):find("[\r\n]"))
    local function names(calendar)
      local list = {}
      for uid in calendar:gsub("\r\n ", ""):gmatch("UID:([^\r]*)") do
        list[#list + 1] = uid
      end
      return list
    end
    assert.same(names(first), names(print_at "2026-06-01T00:00:00Z"))
    assert.not_equal(names(first)[1], names(first)[2])
  end)
end)

describe("the text of a preview", function()
  local preview = make({ { "a", "*/20 * * * *", "UTC" }, { "b", "0 1 * * *", "Asia/Tokyo" } },
    "2027-01-01T15:00:00Z", "2027-01-01T17:00:00Z")

  it("lists runs by day, and their own clock where it is another", function()
    local out = written(text.write, preview, { zone = core.time.zone "UTC" })
    assert.matches("^7 runs of 2 jobs from 2027%-01%-01T15:00:00%+00:00", out)
    assert.matches("\n  16:00  b%s+01:00 in Asia/Tokyo\n", out)
    assert.matches("\n2027%-01%-01 Fri |", out)
  end)

  it("stops at a limit and says how many more there are", function()
    local out = written(text.write, preview, { zone = core.time.zone "UTC", limit = 2 })
    assert.matches("\n  and 5 more runs\n", out)
  end)
end)

describe("the page of a preview", function()
  it("asks for nothing from elsewhere, and its data cannot end its script", function()
    local preview = make({ { "</script>", "0 * * * *", "UTC" } },
      "2027-01-01T00:00:00Z", "2027-01-02T00:00:00Z")
    local out = written(page.write, preview, { zone = core.time.zone "UTC", now_ms = 0 })
    assert.equal(2, select(2, out:gsub("</script>", "")))
    assert.is_nil(out:find("src=", 1, true))
    assert.is_nil(out:find("{{", 1, true))
    assert.is_nil(out:find("\nimport ", 1, true))
  end)
end)
