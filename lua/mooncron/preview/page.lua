---A preview as one page that needs nothing else; and its data, small however many runs there are: jobs
---with the same runs share them, and runs at even distances are one segment.

local asset <const> = require "mooncron.asset"
local core <const> = require "mooncron.core"
local json <const> = require "mooncron.json"
local preview_of <const> = require "mooncron.preview"

local M = {}

local MAX_NOTES <const> = 500

---Runs as segments: start, step, count, start, step, count, ... in seconds.
---@param runs integer[] ms, ascending
---@param out integer[] segments are appended
---@return integer[]
function M.segments(runs, out)
  local i, n = 1, #runs
  while i <= n do
    local start = runs[i] // 1000
    local step = i < n and runs[i + 1] // 1000 - start or 0
    local count = 1
    while i + count <= n and runs[i + count] // 1000 == start + count * step do
      count = count + 1
    end
    local at = #out
    out[at + 1], out[at + 2], out[at + 3] = start, step, count
    i = i + count
  end
  return out
end

local function segments_of(preview, job)
  local out = {}
  for runs in preview:chunks(job) do
    M.segments(runs, out)
  end
  return json.list(out)
end

-- Where the clock of the zone stands, from when on: at, offset, at, offset, ... in seconds.
local function offsets_of(preview, zone)
  local out = { preview.from_ms // 1000, (zone:offset(preview.from_ms)) }
  for _, change in ipairs(zone:transitions(preview.from_ms, preview.to_ms - 1)) do
    out[#out + 1] = change.at // 1000
    out[#out + 1] = change.after
  end
  return json.list(out)
end

local function notes_of(preview)
  local list = {}
  for i = 1, math.min(#preview.notes, MAX_NOTES) do
    local note = preview.notes[i]
    list[i] = { at = note.at // 1000, job = note.job.id, text = note.message }
  end
  return json.list(list)
end

---@param preview mooncron.Preview
---@param zone core.time.Zone whose days are shown
---@return table
function M.data(preview, zone)
  local jobs, groups, group_of = {}, {}, {}
  for i, job in ipairs(preview.jobs) do
    if not job.paused and not group_of[job.key] then
      groups[#groups + 1] = segments_of(preview, job)
      group_of[job.key] = #groups - 1
    end
    jobs[i] = json.list {
      job.name, job.words, job.schedule, job.time_zone, job.paused and -1 or group_of[job.key],
    }
  end
  local changes = {}
  for i, change in ipairs(preview.changes) do
    changes[i] = { at = change.at // 1000, text = preview_of.describe_change(change) }
  end
  return {
    from = preview.from_ms // 1000,
    to = preview.to_ms // 1000,
    zone = zone:name(),
    offsets = offsets_of(preview, zone),
    jobs = json.list(jobs),
    groups = json.list(groups),
    changes = json.list(changes),
    notes = notes_of(preview),
  }
end

-- A script's data: no "</script>" or "<!--" may end it early (HTML, 4.12.1.3).
local function script_data(value)
  return (assert(json.encode(value)):gsub("<", "\\u003c"):gsub("\226\128[\168\169]", function(c)
    return c == "\226\128\168" and "\\u2028" or "\\u2029"
  end))
end

-- The modules as one: what the later ones import is there.
local function script_text()
  local parts = {}
  for i, path in ipairs { "console/dom.js", "console/chart.js", "preview/preview.js" } do
    parts[i] = asset.read(path):gsub("%f[^\n\0]import [^\n]*\n", ""):gsub("%f[^\n\0]export ", "")
  end
  return table.concat(parts, "\n")
end

---@param preview mooncron.Preview
---@param options { zone: core.time.Zone, now_ms: integer }
---@param write fun(text: string)
function M.write(preview, options, write)
  local parts <const> = {
    style = asset.read("console/theme.css") .. asset.read("preview/preview.css"),
    script = script_text(),
    data = script_data(M.data(preview, options.zone)),
    made = core.time.format(options.now_ms),
  }
  write((asset.read("preview/preview.html"):gsub("{{(%l+)}}", parts)))
end

return M
