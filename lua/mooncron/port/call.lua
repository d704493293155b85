---The one HTTP call in a command line or an argument list, as a part of a job.

local curl <const> = require "mooncron.port.curl"
local shell <const> = require "mooncron.port.shell"

local M = {}

local MAX_NESTING <const> = 4
local SHELLS <const> = { sh = true, bash = true, dash = true, ash = true, zsh = true }

-- Words before the program: assignments and `exec`, `time`, `nice`.
local function program(words)
  local at = 1
  while words[at] and (words[at].text:find("^[%a_][%w_]*=") or words[at].text:find("^exec$")
    or words[at].text:find("^time$") or words[at].text:find("^nice$")) do
    at = at + 1
  end
  return table.move(words, at, #words, 1, {})
end

-- The text that `sh -c` is given.
local function script_of(words)
  if not SHELLS[words[1].text:match("[^/]*$")] then
    return nil
  end
  for i = 2, #words do
    if words[i].text:find("^%-%a*c$") then
      return words[i + 1] and words[i + 1].text or ""
    elseif not words[i].text:find("^[-+]") then
      return nil
    end
  end
end

local HARMLESS <const> = { ["true"] = true, [":"] = true, exit = true, set = true, sleep = true }

local function text_of(words)
  local parts = {}
  for i, word in ipairs(words) do
    parts[i] = word.text
  end
  return table.concat(parts, " ")
end

local from_shell

local function from_words(words, depth, variables)
  words = program(words)
  if not words[1] then
    return nil, "there is no command in it"
  end
  local script = script_of(words)
  if script then
    if depth >= MAX_NESTING then
      return nil, "it nests shells too deep"
    end
    return from_shell(script, depth + 1, variables)
  elseif curl.is_call(words) then
    return curl.read(words)
  end
  return nil, ("'%s' is no HTTP call"):format(words[1].text)
end

-- What surrounds the call: harmless, told of, or the end of it.
local function check_rest(commands, the_call, remarks)
  for i, command in ipairs(commands) do
    local words = program(command.words)
    local text = text_of(words)
    if i == the_call or #words == 0 then -- the call itself; mere assignments and redirections
      goto continue
    elseif curl.is_call(words) then
      return "it makes more than one call"
    elseif i < the_call and not HARMLESS[words[1].text] then
      return ("'%s' comes before the call"):format(text)
    elseif not HARMLESS[words[1].text] then
      remarks[#remarks + 1] = ("what follows the call is left out: '%s'"):format(text)
    end
    ::continue::
  end
end

function from_shell(text, depth, variables)
  local commands, why = shell.parse(text, { variables = variables })
  if not commands then
    return nil, why
  end
  local the_call = 1
  for i, command in ipairs(commands) do
    local words = program(command.words)
    if words[1] and (curl.is_call(words) or script_of(words)) then
      the_call = i
      break
    end
  end
  if not commands[the_call] then
    return nil, "there is no command in it"
  end
  local call
  call, why = from_words(commands[the_call].words, depth, variables)
  if not call then
    return nil, why
  end
  for _, redirect in ipairs(commands[the_call].redirects) do
    if redirect:find("^0?<") then
      return nil, ("it reads '%s'"):format(redirect)
    end
  end
  why = check_rest(commands, the_call, call.remarks)
  if why then
    return nil, why
  end
  return call
end

---@param text string a line for a shell
---@param variables table<string, string>? of its environment
---@return mooncron.port.Call? call
---@return string? why
function M.from_shell(text, variables)
  return from_shell(text, 1, variables)
end

---Read an argument list, as a container has it: no shell between, `$(NAME)` for the container's
---variables.
---@param arguments string[]
---@return mooncron.port.Call? call
---@return string? why
function M.from_arguments(arguments)
  local words = {}
  for i, text in ipairs(arguments) do
    words[i] = { text = text, expands = text:match("%$%b()") }
  end
  return from_words(words, 1)
end

return M
