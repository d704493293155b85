---A preview as data: for `--json`, and for the page.

local core <const> = require "mooncron.core"
local json <const> = require "mooncron.json"
local preview_of <const> = require "mooncron.preview"

local M = {}

---Order of the members.
M.order = {
  "from", "to", "total", "truncated", "jobs", "runs", "changes", "notes", "load",
  jobs = { "name", "schedule", "time_zone", "description", "paused", "runs" },
  runs = { "at", "local_time", "job" },
  changes = { "at", "time_zone", "before", "after", "jobs", "description" },
  notes = { "at", "job", "kind", "message" },
  load = { "peak", "busy_minutes", "minutes", peak = { "at", "count" }, minutes = { "at", "count" } },
}

local function changes_of(preview)
  local list = {}
  for i, change in ipairs(preview.changes) do
    list[i] = {
      at = core.time.format(change.at), time_zone = change.time_zone, before = change.before,
      after = change.after, jobs = change.jobs, description = preview_of.describe_change(change),
    }
  end
  return json.list(list)
end

local function notes_of(preview)
  local list = {}
  for i, note in ipairs(preview.notes) do
    list[i] = {
      at = core.time.format(note.at), job = note.job.name, kind = note.kind, message = note.message,
    }
  end
  return json.list(list)
end

-- Only the minutes in which something runs.
local function load_of(preview)
  local minutes = {}
  for i, count in ipairs(preview.minutes) do
    if count > 0 then
      minutes[#minutes + 1] = { at = core.time.format(preview.first_ms + (i - 1) * 60000), count = count }
    end
  end
  return {
    peak = { at = core.time.format(preview.peak.at), count = preview.peak.count },
    busy_minutes = preview.busy_minutes,
    minutes = json.list(minutes),
  }
end

---@param preview mooncron.Preview
---@param options { limit: integer? }
---@return table
function M.of(preview, options)
  local jobs, runs = {}, {}
  for i, job in ipairs(preview.jobs) do
    jobs[i] = {
      name = job.name, schedule = job.schedule, time_zone = job.time_zone, description = job.words,
      paused = job.paused, runs = job.runs,
    }
  end
  for ms, job in preview:runs() do
    if #runs == options.limit then
      break
    end
    runs[#runs + 1] = {
      at = core.time.format(ms), local_time = job.handle:zone():format(ms), job = job.name,
    }
  end
  return {
    from = core.time.format(preview.from_ms),
    to = core.time.format(preview.to_ms),
    total = preview.total,
    truncated = #runs < preview.total,
    jobs = json.list(jobs),
    runs = json.list(runs),
    changes = changes_of(preview),
    notes = notes_of(preview),
    load = load_of(preview),
  }
end

return M
