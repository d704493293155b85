---mooncron validate 'SCHEDULE'...

local args_reader <const> = require "mooncron.cli.args"
local core <const> = require "mooncron.core"
local schedules <const> = require "mooncron.cli.schedules"

local M = {}

M.summary = "check schedules; exit code 1 when one is refused"

local OPTIONS <const> = { schedules.options.zone, schedules.options.json }

local usage <const> = [[
usage: mooncron validate 'SCHEDULE'... [OPTION...]

Check schedules as Cloud Scheduler does. "-" reads one from each line of standard input.
Exit code 0: all are accepted, 1: one is refused.

%s

example:
  mooncron validate '61 * * * *']]

local function texts_of(words)
  local texts = {}
  for _, word in ipairs(words) do
    if word == "-" then
      for line in io.lines() do
        texts[#texts + 1] = line
      end
    else
      texts[#texts + 1] = word
    end
  end
  return texts
end

local function check(text, zone)
  local schedule, e = core.time.schedule(text, zone)
  if schedule then
    return { schedule = text, valid = true, canonical = schedule:canonical() }
  end
  return { schedule = text, valid = false, error = e.message, pos = e.pos, path = e.path }
end

local function print_human(row, on_terminal)
  if row.valid then
    print(("'%s' is valid"):format(row.schedule))
    return
  end
  local e = { message = row.error, pos = row.pos, path = row.path }
  io.stderr:write(schedules.problem_line(row.schedule, e), "\n")
  local pointer = on_terminal and schedules.pointer(row.schedule, e)
  if pointer then
    io.stderr:write(pointer, "\n")
  end
end

local COMMAND <const> = {
  name = "validate",
  usage = usage,
  options = OPTIONS,
  words = { min = 1, max = math.maxinteger, names = "SCHEDULE" },
}

---@param args string[]
---@param cli table mooncron.cli
---@return integer exit code
function M.run(args, cli)
  local options, code = args_reader.command(COMMAND, args, cli)
  if not options then
    return code
  end
  local rows, refused = {}, false
  for i, text in ipairs(texts_of(options)) do
    rows[i] = check(text, options.time_zone or "UTC")
    refused = refused or not rows[i].valid
  end
  if options.json then
    local json = require "mooncron.json"
    io.write(json.pretty(json.list(rows), { "schedule", "valid", "canonical", "error", "pos" }))
  else
    local on_terminal = require("mooncron.host").isatty(2)
    for _, row in ipairs(rows) do
      print_human(row, on_terminal)
    end
  end
  return refused and 1 or 0
end

return M
