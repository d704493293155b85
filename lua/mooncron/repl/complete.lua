---What may follow the cursor. Looks only: no metamethod is called, so completing has no effects.

local members <const> = require "mooncron.repl.members"

local M = {}

local keywords <const> = {
  "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local",
  "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
}

local function field(value, name)
  for _, source in ipairs(members.sources(value)) do
    local found = rawget(source, name)
    if found ~= nil then
      return found
    end
  end
end

local function resolve(path, env)
  local value = env
  for name in path:gmatch("[%a_][%w_]*") do
    value = field(value, name)
    if value == nil then
      return nil
    end
  end
  return value
end

local function is_callable(value)
  local meta = debug.getmetatable(value)
  return type(value) == "function" or (type(meta) == "table" and rawget(meta, "__call") ~= nil)
end

-- Names that begin with an underscore are private: shown to who types the underscore.
local function matches(name, partial)
  return type(name) == "string" and name:find("^[%a_][%w_]*$") and name:sub(1, #partial) == partial
    and (partial ~= "" or name:sub(1, 1) ~= "_")
end

local function collect(value, partial, methods_only)
  local names, seen = {}, {}
  for _, source in ipairs(members.sources(value)) do
    for name, member in next, source do
      if not seen[name] and matches(name, partial) and (not methods_only or is_callable(member)) then
        seen[name] = true
        names[#names + 1] = name
      end
    end
  end
  return names, seen
end

local function add_words(names, seen, words, partial)
  for _, word in ipairs(words) do
    if not seen[word] and word:sub(1, #partial) == partial then
      names[#names + 1] = word
    end
  end
end

---The candidates for the word that ends `text`, sorted.
---@param text string the line up to the cursor
---@param env table the globals
---@param commands string[] names of dot commands, with their dot
---@return string[] names
---@return string partial what of them is typed already
function M.candidates(text, env, commands)
  local names, seen = {}, {}
  local partial = text:match("^%s*(%.%a*)$")
  if partial then
    add_words(names, seen, commands, partial)
    table.sort(names)
    return names, partial
  end
  local word = text:match("[%a_][%w_.:]*$") or ""
  local path, separator
  path, separator, partial = word:match("^(.*)([.:])([%w_]*)$")
  if path then
    local value = resolve(path, env)
    if value == nil then
      return {}, partial
    end
    names = collect(value, partial, separator == ":")
  elseif text:find("[.:]%s*$") then
    return {}, "" -- a field of what is no plain name
  else
    partial = word
    names, seen = collect(env, partial, false)
    if partial ~= "" then
      add_words(names, seen, keywords, partial)
    end
  end
  table.sort(names)
  return names, partial
end

---The client and the beginning of a name, when the cursor is in the name of a job: `client:run_job "ni`.
---@param text string
---@param env table
---@return mooncron.Client? client
---@return string? partial
function M.job_name(text, env)
  local path, partial = text:match("([%a_][%w_.]*)[:.]%l+_job%s*%(?%s*[\"']([%w_-]*)$")
  local client = path and resolve(path, env)
  local meta = debug.getmetatable(client)
  if type(meta) ~= "table" or rawget(meta, "__name") ~= "mooncron.client" then
    return nil
  end
  return client, partial
end

---The longest text that all names begin with.
---@param names string[]
---@return string
function M.common_prefix(names)
  local prefix = names[1] or ""
  for _, name in ipairs(names) do
    while name:sub(1, #prefix) ~= prefix do
      prefix = prefix:sub(1, -2)
    end
  end
  return prefix
end

---What Tab does: text to insert, and names to list when there is nothing to insert.
---@param job_names? fun(client: mooncron.Client): string[] ids of a client's jobs; may wait
---@return string insert
---@return string[] listing
function M.answer(text, env, commands, job_names)
  local names = {}
  local client, partial = M.job_name(text, env)
  if client and job_names then
    add_words(names, {}, job_names(client), partial)
    table.sort(names)
  else
    names, partial = M.candidates(text, env, commands)
  end
  local insert = M.common_prefix(names):sub(#partial + 1)
  return insert, insert == "" and #names > 1 and names or {}
end

return M
