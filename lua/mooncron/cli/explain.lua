---mooncron explain 'SCHEDULE'

local args_reader <const> = require "mooncron.cli.args"
local schedules <const> = require "mooncron.cli.schedules"

local M = {}

M.summary = "say in words what a schedule means, and what is odd about it"

local OPTIONS <const> = {
  schedules.options.zone,
  schedules.options.from,
  { "--to", value = "INSTANT", help = "warnings about days up to this one (default a year on)" },
  schedules.options.anchor,
  schedules.options.json,
}

local usage <const> = [[
usage: mooncron explain 'SCHEDULE' [OPTION...]

Say in words what a schedule means, when it runs next, and what is often not meant: days on which
daylight saving skips or doubles a run, a step that does not divide its range, a day of the month and
a day of the week that are a union.

%s

example:
  mooncron explain '*/7 9-17 1 * MON' --time-zone Europe/Berlin]]

local YEAR_MS <const> = 366 * 86400000

local function gather(schedule, from_ms, to_ms, anchor_ms)
  return {
    schedule = schedule:canonical(),
    language = schedule:language(),
    time_zone = schedule:zone():name(),
    description = schedule:describe(),
    next_runs = schedules.occurrences(schedule, from_ms, anchor_ms, 3),
    runs_in_span = schedule:count(from_ms, to_ms, anchor_ms),
    warnings = schedule:warnings(from_ms, to_ms),
  }
end

local function print_human(facts)
  print(("%s, in %s"):format(facts.description, facts.time_zone))
  print(("%d runs in the span; the next ones:\n"):format(facts.runs_in_span))
  io.write(require("mooncron.text").table(facts.next_runs, { "weekday", "local_time", "zone", "utc" }))
  if #facts.warnings > 0 then
    print "\nmind:"
  end
  for _, warning in ipairs(facts.warnings) do
    print("  - " .. warning.message)
  end
end

local function print_json(facts)
  local core, json = require "mooncron.core", require "mooncron.json"
  for _, warning in ipairs(facts.warnings) do
    warning.at = warning.at and core.time.format(warning.at)
  end
  facts.next_runs, facts.warnings = json.list(facts.next_runs), json.list(facts.warnings)
  io.write(json.pretty(facts, {
    "schedule", "language", "time_zone", "description", "runs_in_span", "next_runs", "warnings",
  }))
end

local COMMAND <const> = {
  name = "explain",
  usage = usage,
  options = OPTIONS,
  words = { min = 1, max = 1, names = "SCHEDULE" },
}

---@param args string[]
---@param cli table mooncron.cli
---@return integer exit code
function M.run(args, cli)
  local options, code = args_reader.command(COMMAND, args, cli)
  if not options then
    return code
  end
  local schedule = schedules.parse(options[1], options.time_zone)
  local after_ms, anchor_ms = schedules.beginning(options)
  local to_ms = schedules.instant(options.to, after_ms + YEAR_MS, "--to", options.time_zone)
  to_ms = schedules.is_day(options.to) and to_ms - 1 or to_ms -- a day ends the span before it begins
  local facts = gather(schedule, after_ms, to_ms, anchor_ms)
  if options.json then
    print_json(facts)
  else
    print_human(facts)
  end
  return 0
end

return M
