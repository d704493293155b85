---mooncron preview FILE...

local connection <const> = require "mooncron.cli.connection"
local err <const> = require "mooncron.err"
local jobfiles <const> = require "mooncron.cli.jobfiles"
local schedules <const> = require "mooncron.cli.schedules"

local M = {}

M.summary = "see when jobs will run, before they do: text, JSON, iCalendar or a page"

local OPTIONS <const> = connection.with_options {
  { "--live", help = "the jobs of the connected scheduler, with those of the files if there are any" },
  { "--from", value = "INSTANT", help = "as 2027-03-01T00:00:00Z, or a day of --time-zone (default now)" },
  { "--to", value = "INSTANT", help = "the same, or how long: 7d (default 1d)" },
  { "--time-zone", value = "ZONE", help = "whose days are shown (default UTC)" },
  { "--limit", short = "-n", value = "N", type = "integer", help = "runs listed (default all)" },
  { "--summary", help = "text: only the load" },
  { "--ical", help = "print iCalendar (RFC 5545): an event a run" },
  { "--html", help = "print a page that needs nothing else" },
  jobfiles.options.json,
  jobfiles.options.arg,
}

local usage <const> = [[
usage: mooncron preview FILE... [OPTION...]
       mooncron preview --live [OPTION...]

Show all runs of jobs in time order, the changes of the clock between them, and how many there are a
minute. FILE is a job file, or JSON: a job, a list of jobs, or an answer of jobs.list. Nobody is asked,
but for the live jobs.

%s

examples:
  mooncron preview jobs.lua --from 2027-03-27T00:00:00Z --to 2d --time-zone Europe/Berlin
  mooncron preview --live --to 30d --html > runs.html]]

local COMMAND <const> = {
  name = "preview", usage = usage, options = OPTIONS,
  words = { min = 0, max = math.maxinteger, names = "FILE" },
}

local DAY_MS <const> = 86400000

local function fail(message, ...)
  error(err.new("INVALID_ARGUMENT", message:format(...)), 0)
end

-- "7d" after the beginning, or an instant.
local function end_of(text, from_ms, zone)
  local nanoseconds = text and require("mooncron.duration").parse(text)
  if nanoseconds then
    return from_ms + nanoseconds // 1000000
  end
  return schedules.instant(text, from_ms + DAY_MS, "--to", zone)
end

-- ---- where jobs come from: rows { job =, declared = } ----

local function add_json(path, rows)
  local job_api, json = require "mooncron.api.job", require "mooncron.json"
  local file <close>, why = io.open(path, "rb")
  local value, e = json.decode(file and file:read("a") or "")
  if not file or type(value) ~= "table" then
    fail("'%s': %s", path, why or e and e.message or "no JSON object or list")
  end
  local list = value.jobs or (value[1] or next(value) == nil) and value or { value }
  for i, item in ipairs(list) do
    local job, problems = job_api.from_json(item, { lenient = true })
    if not job then
      fail("'%s', job %d: %s", path, i, job_api.error(problems).message)
    end
    rows[#rows + 1] = { job = job }
  end
end

local function add_job_files(paths, values, rows)
  local place = { project = values.project or "p", location = values.location or "us-central1",
    holds_exceptions = true }
  for _, declared in ipairs(jobfiles.load(paths, values, place).jobs) do
    rows[#rows + 1] = { job = declared.job, declared = declared }
  end
end

local function add_live(values, rows)
  local client <close> = connection.open(values)
  local kept = client.exceptions and assert(client:exceptions()) or {}
  for job in client:list_jobs { page_size = 500 } do
    rows[#rows + 1] = { job = job, declared = { exceptions = kept[job.name] } }
  end
end

local function gather(values)
  local rows, lua_files = {}, {}
  for _, path in ipairs(values) do
    if path:find("%.json$") then
      add_json(path, rows)
    else
      lua_files[#lua_files + 1] = path
    end
  end
  if lua_files[1] then
    add_job_files(lua_files, values, rows)
  end
  if values.live then
    add_live(values, rows)
  end
  return rows
end

-- ---- forms: (preview, options) ----

local function write(text)
  io.write(text)
end

local FORMS <const> = {
  json = function(preview, options)
    local data, json = require "mooncron.preview.data", require "mooncron.json"
    io.write(json.pretty(data.of(preview, options), data.order))
  end,
  ical = function(preview, options)
    require("mooncron.preview.ical").write(preview, options, write)
  end,
  html = function(preview, options)
    require("mooncron.preview.page").write(preview, options, write)
  end,
  text = function(preview, options)
    require("mooncron.preview.text").write(preview, options, write)
  end,
}

local function form_of(values)
  local form
  for _, name in ipairs { "json", "ical", "html" } do
    if values[name] then
      if form then
        return nil, ("--%s and --%s: one of them"):format(form, name)
      end
      form = name
    end
  end
  return form or "text"
end

local function check(values)
  if not values.live and not values[1] then
    return nil, "missing FILE, or --live"
  elseif values.limit and values.limit < 1 then
    return nil, ("-n %d: at least 1"):format(values.limit)
  end
  return form_of(values)
end

local function preview_of(values, from_ms)
  local previewing = require "mooncron.preview"
  local jobs = {}
  for _, row in ipairs(gather(values)) do
    local job, e = previewing.job(row.job, from_ms, row.declared)
    if not job then
      error(e, 0)
    end
    jobs[#jobs + 1] = job
  end
  local preview, e = previewing.make(jobs, from_ms, end_of(values.to, from_ms, values.time_zone))
  if not preview then
    error(e, 0)
  end
  return preview
end

---@param args string[]
---@param cli table mooncron.cli
---@return integer exit code
function M.run(args, cli)
  local values, code = jobfiles.read(COMMAND, args, cli)
  if not values then
    return code
  end
  local form, problem = check(values)
  if not form then
    return cli.usage_error("preview: " .. problem)
  end
  local zone, now_ms = schedules.zone(values.time_zone), jobfiles.now_ms()
  local from_ms = schedules.instant(values.from, now_ms, "--from", values.time_zone)
  local preview = preview_of(values, from_ms)
  FORMS[form](preview, { zone = zone, limit = values.limit, summary = values.summary, now_ms = now_ms })
  return 0
end

return M
