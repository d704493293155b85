---Names of jobs as commands take them: ids, full names, and globs over the live list.

local err <const> = require "mooncron.err"
local names_api <const> = require "mooncron.api.name"

local M = {}

---@param text string
---@return boolean
function M.is_glob(text)
  return text:find("[*?%[]") ~= nil and not text:find("/", 1, true)
end

---A glob as a Lua pattern: `*`, `?`, `[a-c]`, `[!a-c]`.
---@param glob string
---@return string
function M.pattern(glob)
  local out, i = {}, 1
  while i <= #glob do
    local inverse, class, after = glob:match("^%[([!^]?)([^%]]+)%]()", i)
    local c = glob:sub(i, i)
    if class then
      out[#out + 1] = "[" .. (inverse ~= "" and "^" or "") .. class:gsub("[%%%^]", "%%%0") .. "]"
      i = after
    else
      out[#out + 1] = c == "*" and ".*" or c == "?" and "." or c:gsub("%W", "%%%0")
      i = i + 1
    end
  end
  return "^" .. table.concat(out) .. "$"
end

local function match(ids, glob)
  local pattern, found = M.pattern(glob), {}
  for _, id in ipairs(ids) do
    found[#found + 1] = id:find(pattern) and id or nil
  end
  return found
end

---The names that are meant, each once, in order. Asks for the list only when there is a glob; what is
---wrong is raised. Waits.
---@param client mooncron.Client
---@param words string[]
---@return string[]
function M.expand(client, words)
  local ids
  local list, seen = {}, {}
  local function add(name)
    list[#list + 1] = not seen[name] and name or nil
    seen[name] = true
  end
  for _, word in ipairs(words) do
    if M.is_glob(word) then
      ids = ids or M.ids(client)
      local found = match(ids, word)
      if #found == 0 then
        error(err.new("NOT_FOUND", ("no job matches '%s'"):format(word)), 0)
      end
      for _, id in ipairs(found) do
        add(id)
      end
    else
      add(word)
    end
  end
  return list
end

---The ids of all jobs. Waits.
---@param client mooncron.Client
---@return string[]
function M.ids(client)
  local ids = {}
  for job in client:list_jobs() do
    ids[#ids + 1] = names_api.id(job.name)
  end
  return ids
end

return M
