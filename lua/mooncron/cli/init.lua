---The command line: `mooncron FILE`, `-e CODE`, a command, or a REPL. One funnel turns whatever
---went wrong into one line and an exit code: 0 ok, 1 failure, 2 usage, 130 interrupted.

local err <const> = require "mooncron.err"
local task <const> = require "mooncron.task"

local M = {}

---Commands, each a file beside this one that is loaded when it is called. In the order of the help.
M.commands = {
  "run",
  "serve",
  "jobs",
  "locations",
  "cmek-config",
  "operations",
  "attempts",
  "next",
  "explain",
  "validate",
  "plan",
  "apply",
  "sync",
  "drift",
  "lint",
  "pause",
  "resume",
  "restore",
  "preview",
  "test",
  "import",
  "export",
  "context",
  "auth",
  "capabilities",
  "scheduler",
  "completion",
  "help",
}

local usage <const> = [[
usage: mooncron FILE [ARG...]         run a Lua script, - is standard input
       mooncron -e CODE [ARG...]      run a line of Lua
       mooncron COMMAND [ARG...]      see below; mooncron COMMAND --help tells more
       mooncron                       a REPL on a terminal, else the script on standard input

options, before the file or command:
  -e, --execute CODE   run CODE
      --debug          show tracebacks
      --version        print the version
  -h, --help           print this

commands:]]

---A command by its name, nil when there is none.
---@param name string
---@return table?
function M.load_command(name)
  for _, known in ipairs(M.commands) do
    if known == name then
      return require("mooncron.cli." .. name)
    end
  end
end

---Print the help of the program.
---@return integer exit code
function M.print_help()
  print(usage)
  for _, name in ipairs(M.commands) do
    print(("  %-12s %s"):format(name, M.load_command(name).summary))
  end
  return 0
end

---A usage mistake: one line, exit code 2.
---@return integer
function M.usage_error(problem)
  io.stderr:write("mooncron: ", problem, " (see mooncron --help)\n")
  return 2
end

---Whether a command's arguments ask for its help.
---@param args string[]
---@return boolean
function M.wants_help(args)
  return args[1] == "--help" or args[1] == "-h"
end

-- ---- scripts ----

---Load a chunk and run it with its arguments, as `lua` does: `arg` is set, results are dropped.
---@return integer exit code
function M.run_chunk(chunk, name, args)
  local arg = table.move(args, 1, #args, 1, { [0] = name })
  _G.arg = arg
  chunk(table.unpack(args))
  return 0
end

---@param path string file, "-" is standard input
function M.run_file(path, args)
  local chunk, problem = loadfile(path ~= "-" and path or nil, "t")
  if not chunk then
    error(err.new("INVALID_ARGUMENT", (problem:gsub("^cannot open ", "cannot open script "))), 0)
  end
  return M.run_chunk(chunk, path, args)
end

-- What is typed has `mooncron` at hand; a file requires it.
local function at_hand()
  _G.mooncron = require "mooncron"
end

local function run_code(code, args)
  at_hand()
  local chunk, problem = load(code, "=(command line)", "t")
  if not chunk then
    error(problem, 0)
  end
  return M.run_chunk(chunk, "-e", args)
end

local function repl(options)
  at_hand()
  local host = require "mooncron.host"
  return require("mooncron.repl").run {
    debug = options.debug,
    columns = host.columns,
    source = host.source,
    interrupt_pending = host.interrupt_pending,
    -- A Ctrl-C ends the evaluation, not the program.
    on_interrupt = function(handler)
      M.on_interrupt = handler and function()
        M.interrupted = false
        handler()
      end
    end,
  }
end

-- ---- the funnel ----

local function split(argv)
  local options, i = {}, 1
  while argv[i] and argv[i]:sub(1, 1) == "-" and argv[i] ~= "-" do
    local flag = argv[i]
    if flag == "--debug" then
      options.debug = true
    elseif flag == "--version" then
      options.version = true
    elseif flag == "-h" or flag == "--help" then
      options.help = true
    elseif flag == "-e" or flag == "--execute" then
      i = i + 1
      options.code = argv[i] or false
    else
      options.unknown = flag
    end
    i = i + 1
    if options.code ~= nil then
      break
    end
  end
  return options, table.move(argv, i, #argv, 1, {})
end

local function dispatch(options, args)
  if options.unknown then
    return M.usage_error(("unknown option '%s'"):format(options.unknown))
  elseif options.version then
    print("mooncron " .. require("mooncron.core").version)
    return 0
  elseif options.help then
    return M.print_help()
  elseif options.code == false then
    return M.usage_error("-e wants a line of Lua")
  elseif options.code then
    return run_code(options.code, args)
  elseif #args == 0 then
    local host = require "mooncron.host"
    if host.isatty(0) then
      return repl(options)
    end
    return M.run_file("-", {})
  end
  local name = table.remove(args, 1)
  local command = M.load_command(name)
  if command then
    return command.run(args, M)
  end
  if name ~= "-" and not name:find("[./]") and not io.open(name) then
    return M.usage_error(("'%s' is neither a command nor a file"):format(name))
  end
  return M.run_file(name, args)
end

local function report(failure, options)
  local run = task.last_run or {}
  if err.is(failure) and failure.code == "CANCELLED" and M.interrupted then
    io.stderr:write("mooncron: interrupted\n")
    return 130
  end
  local text = err.is(failure) and failure:line() or tostring(failure)
  if err.is(failure) and run.where then
    text = run.where .. ": " .. text
  end
  if options.debug then
    text = text .. "\n" .. (run.traceback or "")
  else
    text = text:match("^[^\n]*")
  end
  io.stderr:write("mooncron: ", text, "\n")
  return 1
end

-- The first Ctrl-C cancels what runs, or does what the command has put in `on_interrupt`; the
-- second one exits.
local function watch_interrupts()
  local host = require "mooncron.host"
  local id = assert(task.loop():signal("INT"))
  task.on_event(id, function()
    host.interrupt_seen()
    if M.interrupted then
      os.exit(130, true)
    end
    M.interrupted = true
    if M.on_interrupt then
      return M.on_interrupt()
    end
    task.root:cancel(err.new("CANCELLED", "interrupted"))
  end)
  host.arm_interrupt()
end

---@param argv string[] with [0] the program
---@return integer exit code
function M.main(argv)
  local options, args = split(argv)
  io.stdout:setvbuf(require("mooncron.host").isatty(1) and "line" or "full")
  local ok, result = pcall(task.run, function()
    watch_interrupts()
    return dispatch(options, args)
  end)
  io.stdout:flush()
  if not ok then
    return report(result, options)
  end
  return result
end

return M
