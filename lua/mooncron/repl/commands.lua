---The dot commands of the REPL. Each gets the session and the rest of its line, and returns what is to
---be printed.

local task <const> = require "mooncron.task"

local M = {}

---@class mooncron.repl.Command
---@field help string
---@field run fun(session: table, rest: string): string?

---@type table<string, mooncron.repl.Command>
M.all = {}

---@return string[] sorted, as they are typed
function M.names()
  local names = {}
  for name in pairs(M.all) do
    names[#names + 1] = "." .. name
  end
  table.sort(names)
  return names
end

M.all.help = {
  help = "this list",
  run = function()
    local lines = {}
    for _, name in ipairs(M.names()) do
      lines[#lines + 1] = ("%-8s %s"):format(name, M.all[name:sub(2)].help)
    end
    lines[#lines + 1] = "An expression prints its value, which is then `_` and `_1`; before it `_2` to `_9`."
    lines[#lines + 1] = "help() tells of the rest, help(x) of a value."
    lines[#lines + 1] = "Tab completes, Ctrl-R searches the history, Ctrl-C gives up, Ctrl-D leaves."
    return table.concat(lines, "\n")
  end,
}

M.all.quit = {
  help = "leave (as Ctrl-D does)",
  run = function(session)
    session.over = true
  end,
}

M.all.tasks = {
  help = "the tasks that are running, and where each waits (.tasks all: with tracebacks)",
  run = function(session, rest)
    local lines = {}
    for _, row in ipairs(task.list()) do
      if row.name ~= session.task_name then
        lines[#lines + 1] = row.name .. "  " .. row.state
        lines[#lines + 1] = rest == "all" and row.trace or nil
      end
    end
    return #lines > 0 and table.concat(lines, "\n") or "no other task is running"
  end,
}

M.all.debug = {
  help = "on or off: errors with their traceback",
  run = function(session, rest)
    if rest == "on" or rest == "off" then
      session.debug = rest == "on"
    end
    return "debug is " .. (session.debug and "on" or "off")
  end,
}

---Run a line that begins with a dot.
---@param session table
---@param text string
---@return string? output
function M.run(session, text)
  local name, rest = text:match("^%.(%a*)%s*(.-)%s*$")
  local command = M.all[name]
  if not command then
    return ("no command '%s': .help lists them"):format(text:match("^%S+"))
  end
  return command.run(session, rest)
end

return M
