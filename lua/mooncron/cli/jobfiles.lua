---What the commands about job files share: their options, loading, connecting, the question before
---something is changed, and how far it has got.

local args_reader <const> = require "mooncron.cli.args"
local err <const> = require "mooncron.err"

local M = {}

M.options = {
  project = { "--project", value = "P", help = "Google Cloud project (default: that of the environment)" },
  location = { "--location", value = "L", help = "where short ids are meant (default us-central1)" },
  endpoint = { "--endpoint", value = "URL", help = "a server that speaks the API, such as mooncron serve" },
  backend = { "--backend", value = "NAME", help = "local or gcp, whatever the environment says" },
  data = { "--data", value = "FOLDER", help = "folder of the local scheduler" },
  arg = { "--arg", value = "K=V", many = true, help = "a value for args { ... } in the job files" },
  json = { "--json", help = "print JSON" },
  yes = { "--yes", short = "-y", help = "do not ask" },
  parallel = { "--parallel", value = "N", type = "integer",
    help = "changes at once (default 16; local 256)" },
}

---Options of a command: its own rows, and the named ones from above.
---@param own mooncron.cli.Option[]
---@param ... string
---@return mooncron.cli.Option[]
function M.with(own, ...)
  local options = table.move(own, 1, #own, 1, {})
  for _, name in ipairs { ... } do
    options[#options + 1] = M.options[name]
  end
  return options
end

---Read a command's arguments. Help and mistakes are dealt with: then the second result is the exit code.
---@param command { name: string, usage: string, options: table, words: table }
---@return table? values
---@return integer? code
function M.read(command, args, cli)
  if cli.wants_help(args) then
    print(command.usage:format(args_reader.help(command.options)))
    return nil, 0
  end
  local values, problem = args_reader.read(args, command.options, command.words)
  if values and values.parallel and values.parallel < 1 then
    problem = "--parallel must be at least 1"
  end
  local pairs_given = {}
  for _, text in ipairs(values and values.arg or {}) do
    local name, value = text:match("^([%a_][%w_]*)=(.*)$")
    if not name then
      problem = ("--arg '%s': write NAME=VALUE"):format(text)
      break
    end
    pairs_given[name] = value
  end
  if problem then
    return nil, cli.usage_error(command.name .. ": " .. problem)
  end
  values.arg = pairs_given
  return values
end

---Connect as the options say. Raises what is wrong. Waits.
---@return mooncron.Client
function M.connect(values)
  local client, e = require("mooncron").connect {
    project = values.project, location = values.location,
    endpoint = values.endpoint, backend = values.backend, data = values.data,
  }
  if not client then
    error(e, 0)
  end
  return client
end

---Load job files for a client. Every problem is told, each in a line; the last one is raised.
---@return mooncron.code.Declared
function M.load(paths, values, client)
  local declared, e = require("mooncron.code.loader").load(paths, {
    project = client.project, location = client.location, args = values.arg,
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

local PERIOD_MS <const> = 10000
local REDRAW_MS <const> = 200

---Shows how far a run has got on standard error: a line that is redrawn on a terminal, else one now and
---then.
---@return fun(done: integer, total: integer, failed: integer)
function M.progress()
  local is_terminal = require("mooncron.host").isatty(2)
  local start = M.now_ms()
  local last = start
  return function(done, total, failed)
    local now, tried = M.now_ms(), done + failed
    local over = tried == total
    if now - last < (is_terminal and REDRAW_MS or PERIOD_MS) and not (over and is_terminal) then
      return
    end
    last = now
    local left_s = tried > 0 and (now - start) * (total - tried) // tried // 1000 or 0
    local bad = failed > 0 and (", %d failed"):format(failed) or ""
    local text = ("%d of %d done%s, %d s left"):format(done, total, bad, left_s)
    io.stderr:write(is_terminal and "\r\27[K" or "", text, is_terminal and not over and "" or "\n")
    io.stderr:flush()
  end
end

return M
