---What the commands about job files share: their options, loading, connecting, and the question before
---something is changed.

local args_reader <const> = require "mooncron.cli.args"
local connection <const> = require "mooncron.cli.connection"
local err <const> = require "mooncron.err"

local M = {}

M.options = {
  arg = { "--arg", value = "K=V", many = true, help = "a value for args { ... } in the job files" },
  json = { "--json", help = "print JSON" },
  parallel = { "--parallel", value = "N", type = "integer",
    help = "changes at once (default 16; local 256)" },
  yes = connection.yes,
}
for _, option in ipairs(connection.options) do
  M.options[option[1]:sub(3)] = option -- "project", "location", ...
end

---Options of a command: its own rows, and the named ones from above; "connection" is all of a connection.
---@param own mooncron.cli.Option[]
---@param ... string
---@return mooncron.cli.Option[]
function M.with(own, ...)
  local options = table.move(own, 1, #own, 1, {})
  for _, name in ipairs { ... } do
    if name == "connection" then
      options = connection.with_options(options)
    else
      options[#options + 1] = M.options[name]
    end
  end
  return options
end

---Read a command's arguments. Help and mistakes are dealt with: then the second result is the exit code.
---@param command { name: string, usage: string, options: table, words: table }
---@return table? values
---@return integer? code
function M.read(command, args, cli)
  local pairs_given = {}
  local values, code = args_reader.command({
    name = command.name,
    usage = command.usage,
    options = command.options,
    words = command.words,
    check = function(values)
      if values.parallel and values.parallel < 1 then
        return "--parallel must be at least 1"
      end
      for _, text in ipairs(values.arg or {}) do
        local name, value = text:match("^([%a_][%w_]*)=(.*)$")
        if not name then
          return ("--arg '%s': write NAME=VALUE"):format(text)
        end
        pairs_given[name] = value
      end
    end,
  }, args, cli)
  if not values then
    return nil, code
  end
  values.arg = pairs_given
  return values
end

---Connect as the options say, or raise what is wrong. Waits.
---@type fun(values: table): mooncron.Client
M.connect = connection.open

---Load job files for a client. Every problem is told, each in a line; the last one is raised.
---@return mooncron.code.Declared
function M.load(paths, values, client)
  local declared, e = require("mooncron.code.loader").load(paths, {
    project = client.project, location = client.location, args = values.arg,
    holds_exceptions = client.holds_exceptions or client.set_exceptions ~= nil,
  })
  if declared then
    return declared
  end
  local lines = e.lines or { e.message }
  for i = 1, #lines - 1 do
    io.stderr:write("mooncron: ", lines[i], "\n")
  end
  error(err.new(e.code, lines[#lines]), 0)
end

---@return integer ms
function M.now_ms()
  return require("mooncron.core").loop.wall_ms()
end

---The live jobs of some locations, or raise.
---@return mooncron.Job[]
function M.live(client, parents)
  local jobs, e = require("mooncron.code.live").read(client, parents)
  if not jobs then
    error(e, 0)
  end
  return jobs
end

---A plan of job files. Raises what is wrong.
---@param values table read options
---@param options { prune: boolean? }
---@return mooncron.code.Plan
function M.plan(values, client, options)
  local paths = table.move(values, 1, #values, 1, {})
  local declared = M.load(paths, values, client)
  if options.prune and not declared.set then
    error(err.new("FAILED_PRECONDITION",
      "sync deletes only jobs of its own set: name it with set \"NAME\" in the job file"), 0)
  end
  return require("mooncron.code.plan").make(declared, M.live(client, declared.parents), {
    now_ms = M.now_ms(), parent = client:parent(), prune = options.prune, adopt = values.adopt,
  })
end

---How many changes at once: the local scheduler commits a whole turn at once, the cloud has its quota.
---@return integer
function M.parallel(values, client)
  return values.parallel or client.backend.extras and 256 or 16
end

---Ask on a terminal. Off a terminal the answer is nil. Waits; Ctrl-C ends the wait.
---@param question string
---@return boolean? yes
function M.ask(question)
  local host = require "mooncron.host"
  if not host.isatty(0) or not host.isatty(1) then
    return nil
  end
  local core, task = require "mooncron.core", require "mooncron.task"
  io.stdout:flush()
  local line <close> = assert(core.loop.line.new(task.loop()))
  local event = task.await(assert(line:read(question .. " [y/N] ")))
  if event.interrupted then
    error(err.new("CANCELLED", "interrupted, nothing was changed"), 0)
  end
  return event.text ~= nil and event.text:lower():find("^%s*y") ~= nil
end

return M
