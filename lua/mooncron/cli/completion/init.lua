---mooncron completion bash|zsh|fish: a script for a shell, made from the tables that the commands are made
---from. What only the server knows, the script asks for with `mooncron completion --list jobs -- WORD...`.

local help <const> = require "mooncron.cli.help"

local M = {}

M.summary = "print the completion script of a shell: bash, zsh or fish"

M.groups = { "bash", "zsh", "fish" }

local usage <const> = [[
usage: mooncron completion bash|zsh|fish

Print the completion script of a shell. It completes commands, options, and the names of jobs and
locations, which it asks the scheduler for that the line names, for a second at most.

examples:
  source <(mooncron completion bash)
  mooncron completion bash > /etc/bash_completion.d/mooncron
  mooncron completion zsh > "${fpath[1]}/_mooncron"
  mooncron completion fish > ~/.config/fish/completions/mooncron.fish]]

local TIMEOUT_S <const> = 1

-- ---- what only the server knows ----

-- The options of the connection among the words of a line that is being typed. Shells may have parted
-- `--project=x` in three.
local function connection_values(words)
  local connection = require "mooncron.cli.connection"
  local line = {}
  for _, word in ipairs(words) do
    local flag, value = word:match("^(%-%-[%w-]+)=(.*)$")
    for _, part in ipairs(flag and { flag, value } or { word }) do
      line[#line + 1] = part ~= "=" and part or nil
    end
  end
  local values = {}
  for _, option in ipairs(connection.options) do
    for i, word in ipairs(line) do
      if word == option[1] then
        values[option[1]:sub(3):gsub("-", "_")] = line[i + 1]
      end
    end
  end
  return values
end

local LISTS <const> = {
  jobs = function(client)
    return require("mooncron.cli.jobs.names").ids(client)
  end,
  locations = function(client)
    local ids = {}
    for location in client:list_locations() do
      ids[#ids + 1] = location.location_id
    end
    return ids
  end,
}

-- Whatever goes wrong, a shell that completes is told nothing.
local function print_list(what, words)
  local task = require "mooncron.task"
  local list = LISTS[what]
  if not list then
    return 2
  end
  local ok, names = pcall(task.with_timeout, TIMEOUT_S, function()
    local client <close> = require("mooncron.cli.connection").open(connection_values(words))
    return list(client)
  end)
  for _, name in ipairs(ok and names or {}) do
    print(name)
  end
  return 0
end

-- ---- what the shells' scripts are made from ----

local FILES <const> = { FILE = true, FOLDER = true }

---What the value of an option is: a list of words, "jobs", "locations", "files", or nil.
---@param option mooncron.cli.Option
---@return string[]|string|nil
function M.values_of(option)
  if option.choices then
    return option.choices
  elseif option[1] == "--format" then
    return require("mooncron.cli.format").names()
  elseif option[1] == "--location" then
    return "locations"
  elseif option[1] == "--backend" then
    return { "local", "gcp" }
  end
  return option.value and FILES[option.value] and "files" or nil
end

---@param args string[]
---@param cli table mooncron.cli
---@return integer exit code
function M.run(args, cli)
  if cli.wants_help(args) then
    print(usage)
    return 0
  elseif args[1] == "--list" then
    return print_list(args[2], table.move(args, 4, #args, 1, {}))
  end
  for _, shell in ipairs(M.groups) do
    if args[1] == shell and not args[2] then
      io.write(require("mooncron.cli.completion." .. shell).script(help.places(cli), M.values_of))
      return 0
    end
  end
  return cli.usage_error("completion: name a shell: bash, zsh or fish")
end

return M
