---A preview as text, line by line: what runs when, the changes of the clock between, and the load.

local core <const> = require "mooncron.core"
local preview_of <const> = require "mooncron.preview"

local M = {}

local WEEKDAYS <const> = { [0] = "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" } -- day 0 was a Thursday
local BARS <const> = { [0] = " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" }

-- "2027-03-28 02:30" of the clock of the zone, and its day since the epoch.
local function local_of(zone, ms)
  local text = zone:format(ms)
  local day = (ms + zone:offset(ms) * 1000) // preview_of.DAY_MS
  return text:sub(1, 10), text:sub(12, 16), day
end

local function plural(n, what)
  return ("%d %s%s"):format(n, what, n == 1 and "" or "s")
end

-- One bar an hour of the day: its load beside that of the busiest hour.
local function load_lines(preview, zone, write)
  local hours, days, seen, most = {}, {}, {}, 0
  for i, count in ipairs(preview.minutes) do
    if count > 0 or i == 1 or i % 60 == 0 then
      local date, clock, day = local_of(zone, preview.first_ms + (i - 1) * 60000)
      if not seen[day] then
        seen[day] = true
        days[#days + 1] = { day = day, date = date, total = 0, peak = 0 }
        hours[day] = {}
      end
      local hour, row = tonumber(clock:sub(1, 2)), days[#days]
      hours[day][hour] = (hours[day][hour] or 0) + count
      row.total, row.peak = row.total + count, math.max(row.peak, count)
      most = math.max(most, hours[day][hour])
    end
  end
  write(("\nload: one bar an hour, the highest is %s\n"):format(plural(most, "run")))
  write(("%15s 0     6     12    18   23\n"):format(""))
  for _, row in ipairs(days) do
    local bars = {}
    for hour = 0, 23 do
      local count = hours[row.day][hour] or 0
      bars[#bars + 1] = BARS[most > 0 and math.ceil(count * 8 / most) or 0]
    end
    write(("%s %s |%s| %7d runs, at most %d a minute\n"):format(row.date, WEEKDAYS[row.day % 7],
      table.concat(bars), row.total, row.peak))
  end
end

local function run_lines(preview, zone, limit, write)
  local last_date, shown
  shown = 0
  for kind, ms, thing in preview:events() do
    local date, clock, day = local_of(zone, ms)
    if date ~= last_date then
      write(("\n%s %s\n"):format(date, WEEKDAYS[day % 7]))
      last_date = date
    end
    if kind == "change" then
      write(("  %s  ~~ %s\n"):format(clock, preview_of.describe_change(thing)))
    else
      local offset = thing.time_zone ~= zone:name() and thing.handle:zone():format(ms)
      write(("  %s  %-28s %s\n"):format(clock, thing.id, offset
        and ("%s in %s"):format(offset:sub(12, 16), thing.time_zone) or ""):gsub("%s+\n$", "\n"))
      shown = shown + 1
      if limit and shown == limit then
        break
      end
    end
  end
  return shown
end

-- What many jobs have in common is said once.
local function joined(notes)
  local list, by_text = {}, {}
  for _, note in ipairs(notes) do
    local key = note.at .. note.message
    if by_text[key] then
      by_text[key].more = by_text[key].more + 1
    else
      by_text[key] = { at = note.at, id = note.job.id, message = note.message, more = 0 }
      list[#list + 1] = by_text[key]
    end
  end
  return list
end

---@param preview mooncron.Preview
---@param options { zone: core.time.Zone, limit: integer?, summary: boolean? }
---@param write fun(text: string)
function M.write(preview, options, write)
  local zone = options.zone
  local paused = 0
  for _, job in ipairs(preview.jobs) do
    paused = paused + (job.paused and 1 or 0)
  end
  write(("%s of %s from %s to %s, %s time%s\n"):format(plural(preview.total, "run"),
    plural(#preview.jobs - paused, "job"), zone:format(preview.from_ms), zone:format(preview.to_ms),
    zone:name(), paused > 0 and (" (%d paused)"):format(paused) or ""))
  local shown = options.summary and preview.total or run_lines(preview, zone, options.limit, write)
  if shown < preview.total then
    write(("\n  and %s\n"):format(plural(preview.total - shown, "more run")))
  end
  if preview.notes[1] then
    write("\nmind the changes of the clock:\n")
  end
  for _, note in ipairs(joined(preview.notes)) do
    local more = note.more > 0 and (" and %s"):format(plural(note.more, "more job")) or ""
    write(("  %s  %s%s: %s\n"):format(core.time.format(note.at), note.id, more, note.message))
  end
  load_lines(preview, zone, write)
  if preview.peak.count > 0 then
    write(("\nbusiest minute: %s, %s\n"):format(zone:format(preview.peak.at),
      plural(preview.peak.count, "run")))
  end
end

return M
