---mooncron help [COMMAND...]: the help of every command, for people, for completion and for the manual.

local tree <const> = require "mooncron.cli.tree"

local M = {}

M.summary = "print the help of a command"

-- What a command prints when it is asked for help. Commands print it in one go and do nothing else.
local function captured(command, args, cli)
  local lines, original = {}, print
  rawset(_G, "print", function(...)
    local parts = table.pack(...)
    for i = 1, parts.n do
      parts[i] = tostring(parts[i])
    end
    lines[#lines + 1] = table.concat(parts, "\t")
  end)
  local ok, e = pcall(command.run, args, cli)
  rawset(_G, "print", original)
  if not ok then
    error(e, 0)
  end
  return table.concat(lines, "\n") .. "\n"
end

---The help of a command.
---@param cli table mooncron.cli
---@param name string
---@return string
function M.text(cli, name)
  return captured(require("mooncron.cli." .. name), { "--help" }, cli)
end

-- The options in a help text: `  -n, --count N     how many`.
local function options_in(text)
  local options = {}
  for line in text:gmatch("[^\n]+") do
    local short, flag, rest = line:match("^  (%-%a), (%-%-[%w-]+)(.*)$")
    if not flag then
      flag, rest = line:match("^  (%-%-[%w-]+)(.*)$")
    end
    if flag then
      local value, help = rest:match("^ (%S+)%s+(.*)$")
      options[#options + 1] = {
        flag, short = short, value = value, help = help or rest:match("^%s*(.*)$"),
      }
    end
  end
  return options
end

---@class mooncron.cli.Place a command or group, for completion
---@field path string "jobs create http"; "" is the program
---@field summary string
---@field children string[] names of what may follow
---@field options mooncron.cli.Option[]
---@field completes "job"|"location"|"file"|nil

local function walk(node, path, places)
  local place = {
    path = path, summary = node.summary, children = {}, options = {}, completes = node.completes,
  }
  places[#places + 1] = place
  if node.options then
    for _, option in ipairs(node.options()) do
      place.options[#place.options + 1] = not option.hidden and option or nil
    end
  end
  for i, child in ipairs(node.children or {}) do
    place.children[i] = child.name
    walk(tree.resolve(child), path .. " " .. child.name, places)
  end
end

---The options of the program itself.
---@type mooncron.cli.Option[]
M.program_options = {
  { "--execute", short = "-e", value = "CODE", help = "run CODE" },
  { "--debug", help = "show tracebacks" },
  { "--version", help = "print the version" },
  { "--help", short = "-h", help = "print help" },
}

---Every place on the command line, parents before children.
---@param cli table mooncron.cli
---@return mooncron.cli.Place[]
function M.places(cli)
  local top = { path = "", summary = "", children = {}, options = M.program_options, completes = "file" }
  local places = { top }
  for i, name in ipairs(cli.commands) do
    top.children[i] = name
    local command = require("mooncron.cli." .. name)
    if command.root then
      walk(command.root, name, places)
    else
      places[#places + 1] = {
        path = name,
        summary = command.summary,
        children = command.groups or {},
        options = options_in(M.text(cli, name)),
        completes = "file",
      }
    end
  end
  return places
end

---@param args string[]
---@param cli table mooncron.cli
---@return integer exit code
function M.run(args, cli)
  if cli.wants_help(args) then
    print("usage: mooncron help [COMMAND...]\n\nPrint the help of a command, or of the program.\n\n"
      .. "example:\n  mooncron help jobs create http")
    return 0
  elseif not args[1] then
    return cli.print_help()
  end
  local name = table.remove(args, 1)
  local command = cli.load_command(name)
  if not command then
    return cli.usage_error(("help: '%s' is not a command"):format(name))
  elseif not command.root then
    return command.run({ "--help" }, cli)
  end
  local node, used = tree.find(command.root, args)
  if used < #args then
    return cli.usage_error(("help: '%s' is not a command"):format(name .. " " .. table.concat(args, " ")))
  end
  print(tree.help(node, table.concat({ name, table.unpack(args) }, " ")))
  return 0
end

return M
