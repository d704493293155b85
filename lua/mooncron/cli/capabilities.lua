---mooncron capabilities

local args_reader <const> = require "mooncron.cli.args"
local capabilities <const> = require "mooncron.scheduler.capabilities"
local json <const> = require "mooncron.json"

local M = {}

M.summary = "list what of Cloud Scheduler is emulated, and how faithfully"

local OPTIONS <const> = { { "--json", help = "print JSON" } }

local usage <const> = [[
usage: mooncron capabilities [OPTION...]

List what of Cloud Scheduler the local scheduler does, and how faithfully.

%s]]

local JSON_ORDER <const> = {
  "levels",
  "groups",
  levels = { "name", "meaning" },
  groups = {
    "name",
    "title",
    "rows",
    rows = { "name", "level", "note", "fields" },
  },
}

local function as_table()
  local lines = {}
  local function line(format, ...)
    lines[#lines + 1] = format:format(...)
  end
  for _, level in ipairs(capabilities.levels) do
    line("%-14s %s\n", level.name, level.meaning)
  end
  for _, group in ipairs(capabilities.groups) do
    line("\n%s\n", group.title)
    for _, row in ipairs(group.rows) do
      line("  %-14s %s%s\n", row.level, row.name, row.note and ": " .. row.note or "")
    end
  end
  return table.concat(lines)
end

local function as_json()
  return json.pretty({ levels = capabilities.levels, groups = capabilities.groups }, JSON_ORDER)
end

---@param options { json: boolean? }
---@return string text
function M.render(options)
  return options.json and as_json() or as_table()
end

---@param args string[]
---@param cli table mooncron.cli
---@return integer exit code
function M.run(args, cli)
  if cli.wants_help(args) then
    print(usage:format(args_reader.help(OPTIONS)))
    return 0
  end
  local options, problem = args_reader.read(args, OPTIONS, { min = 0, max = 0 })
  if not options then
    return cli.usage_error("capabilities: " .. problem)
  end
  io.write(M.render(options))
  return 0
end

return M
