---mooncron next 'SCHEDULE'

local args_reader <const> = require "mooncron.cli.args"
local schedules <const> = require "mooncron.cli.schedules"

local M = {}

M.summary = "print the next runs of a schedule"

local OPTIONS <const> = {
  schedules.options.zone,
  { "--count", short = "-n", value = "N", type = "integer", help = "how many runs (default 10)" },
  schedules.options.from,
  schedules.options.anchor,
  schedules.options.json,
}

local usage <const> = [[
usage: mooncron next 'SCHEDULE' [OPTION...]

Print the next runs of a unix-cron or App Engine schedule, in local time and in UTC.

%s

example:
  mooncron next '30 2 * * *' --time-zone America/New_York --from 2027-03-13T00:00:00Z -n 3]]

local MAX_COUNT <const> = 100000

local function print_human(schedule, rows)
  if #rows == 0 then
    print(("'%s' in %s never runs again"):format(schedule:canonical(), schedule:zone():name()))
    return
  end
  io.write(require("mooncron.text").table(rows, { "weekday", "local_time", "zone", "utc" }))
end

local COMMAND <const> = {
  name = "next",
  usage = usage,
  options = OPTIONS,
  words = { min = 1, max = 1, names = "SCHEDULE" },
  check = function(options)
    if options.count and (options.count < 1 or options.count > MAX_COUNT) then
      return ("-n %d is not in 1-%d"):format(options.count, MAX_COUNT)
    end
  end,
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
  local rows = schedules.occurrences(schedule, after_ms, anchor_ms, options.count or 10)
  if options.json then
    local json = require "mooncron.json"
    io.write(json.pretty({
      schedule = schedule:canonical(),
      time_zone = schedule:zone():name(),
      runs = json.list(rows),
    }, { "schedule", "time_zone", "runs", runs = { "local_time", "utc", "weekday", "zone" } }))
  else
    print_human(schedule, rows)
  end
  return 0
end

return M
