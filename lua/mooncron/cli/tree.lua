---Commands as a tree of data: `jobs create http` is a leaf with its words, options and examples. The same
---tree drives parsing, help, completion and the manual. What goes wrong is said as gcloud says it, so that
---scripts which look for it go on doing so: `ERROR: (mooncron.scheduler.jobs.run) NOT_FOUND: Job not found.`

local args_reader <const> = require "mooncron.cli.args"
local err <const> = require "mooncron.err"

local M = {}

---@class mooncron.cli.Node
---@field name string
---@field load (fun(): mooncron.cli.Node)? gives the node itself: commands are loaded when they are called
---@field summary string one line, without a dot
---@field children mooncron.cli.Node[]? of a group
---@field words { min: integer, max: integer, names: string? }? of a leaf
---@field completes "job"|"location"|nil what its words are
---@field options (fun(): mooncron.cli.Option[])? of a leaf; an option with `hidden` is not in the help
---@field notes string? more help
---@field examples string[]? command lines after the program's name
---@field run (fun(values: table, path: string): integer?)? may raise an error object, or return its exit code
---@field check (fun(values: table): string?)? a usage mistake, one line

-- ---- finding ----

---The node that a child stands for.
---@param child mooncron.cli.Node
---@return mooncron.cli.Node
function M.resolve(child)
  return child.load and child.load() or child
end

---The node that words lead to, and how many of them did.
---@param root mooncron.cli.Node
---@param args string[]
---@return mooncron.cli.Node node
---@return integer used
function M.find(root, args)
  local node, used = root, 0
  while node.children and args[used + 1] do
    local found
    for _, child in ipairs(node.children) do
      found = child.name == args[used + 1] and child or found
    end
    if not found then
      break
    end
    node, used = M.resolve(found), used + 1
  end
  return node, used
end

local function path_to(root, args, used)
  local words = { root.name }
  table.move(args, 1, used, 2, words)
  return table.concat(words, " ")
end

-- ---- help ----

local function usage_words(node)
  local parts = { node.words.names }
  for _, option in ipairs(node.options()) do
    if option.required then
      parts[#parts + 1] = ("%s=%s"):format(option[1], option.value)
    end
  end
  parts[#parts + 1] = "[OPTION...]"
  return table.concat(parts, " ")
end

local function shown(options)
  local list = {}
  for _, option in ipairs(options) do
    list[#list + 1] = not option.hidden and option or nil
  end
  return list
end

---The help of a node.
---@param node mooncron.cli.Node
---@param path string "jobs create http"
---@return string
function M.help(node, path)
  local lines = {}
  local function add(text, ...)
    lines[#lines + 1] = select("#", ...) > 0 and text:format(...) or text
  end
  if node.children then
    add("usage: mooncron %s COMMAND [ARG...]\n", path)
    add(node.summary:gsub("^%l", string.upper) .. ".\n\ncommands:")
    for _, child in ipairs(node.children) do
      add("  %-12s %s", child.name, M.resolve(child).summary)
    end
    add("\nmooncron %s COMMAND --help tells more", path)
  else
    add("usage: mooncron %s %s\n", path, usage_words(node))
    add(node.summary:gsub("^%l", string.upper) .. "." .. (node.notes and " " .. node.notes or "") .. "\n")
    add(args_reader.help(shown(node.options())))
  end
  for i, example in ipairs(node.examples or {}) do
    local head = i > 1 and "" or #node.examples > 1 and "\nexamples:\n" or "\nexample:\n"
    add(head .. "  mooncron " .. example)
  end
  return table.concat(lines, "\n")
end

-- ---- running ----

-- Where an error is said to come from, after gcloud's fashion.
local function origin(path)
  return "mooncron.scheduler." .. path:gsub("^scheduler ", ""):gsub(" ", ".")
end

---One error, and the details that the server gave.
---@param path string
---@param e mooncron.Err
function M.report(path, e)
  io.stdout:flush()
  io.stderr:write(("ERROR: (%s) %s\n"):format(origin(path), tostring(e)))
  if type(e.details) == "table" and e.details[1] ~= nil then
    io.stderr:write(require("mooncron.cli.yaml").encode(e.details))
  end
end

local function usage_error(path, problem)
  io.stderr:write(("ERROR: (%s) %s (see mooncron %s --help)\n"):format(origin(path), problem, path))
  return 2
end

local function unknown_child(node, path, word)
  if not word then
    return usage_error(path, "Command name argument expected.")
  end
  local names = {}
  for i, child in ipairs(node.children) do
    names[i] = child.name
  end
  return usage_error(path, ("Invalid choice: '%s', use one of %s"):format(word, table.concat(names, ", ")))
end

local function asks_for_help(args)
  for _, arg in ipairs(args) do
    if arg == "--" then
      return false
    elseif arg == "--help" or arg == "-h" then
      return true
    end
  end
  return false
end

local function run_leaf(node, path, args)
  local values, problem = args_reader.read(args, node.options(), node.words)
  problem = problem or node.check and node.check(values)
  if problem then
    return usage_error(path, problem)
  end
  local ok, result = pcall(node.run, values, path)
  if ok then
    return result or 0
  elseif not err.is(result) or result.code == "CANCELLED" and not result.by_user then
    error(result, 0)
  end
  M.report(path, result)
  return 1
end

---Run what the arguments say.
---@param root mooncron.cli.Node
---@param args string[]
---@return integer exit code
function M.run(root, args)
  local node, used = M.find(root, args)
  local path = path_to(root, args, used)
  local rest = table.move(args, used + 1, #args, 1, {})
  if asks_for_help(rest) and (not node.children or rest[1]:sub(1, 1) == "-") then
    print(M.help(node, path))
    return 0
  elseif node.children then
    return unknown_child(node, path, rest[1])
  end
  return run_leaf(node, path, rest)
end

return M
