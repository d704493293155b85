---From the flags that were given to a job, and for an update to its mask. Pure but for what
---`world.read_file` reads.

local flags_api <const> = require "mooncron.cli.jobs.flags"
local values_api <const> = require "mooncron.cli.jobs.values"

local M = {}

-- ---- what may stand together ----

local function given_flags(flags, values)
  local list = {}
  for _, flag in ipairs(flags) do
    if values[flags_api.key(flag)] ~= nil then
      list[#list + 1] = flag
    end
  end
  return list
end

local function check_groups(given)
  local sides = {}
  for _, flag in ipairs(given) do
    local group, side = flag.group, flag.side or flag[1]
    local other = group and sides[group]
    if other and (other.side or other[1]) ~= side then
      return ("argument %s: At most one of %s | %s can be specified."):format(flag[1], other[1], flag[1])
    end
    sides[group or flag[1]] = flag
  end
end

local function has(given, name)
  for _, flag in ipairs(given) do
    if flag[1] == name then
      return true
    end
  end
  return false
end

local function check_needs(given, flags, one_of)
  for _, flag in ipairs(given) do
    if flag.needs and not has(given, flag.needs) then
      return ("argument %s: %s must be specified."):format(flag[1], flag.needs)
    end
  end
  for _, flag in ipairs(flags) do
    if flag.required and not has(given, flag[1]) then
      return ("argument %s: Must be specified."):format(flag[1])
    end
  end
  for _, name in ipairs(one_of or {}) do
    if has(given, name) then
      return nil
    end
  end
  return one_of and ("argument (%s): Must be specified."):format(table.concat(one_of, " | ")) or nil
end

-- ---- setting fields ----

local function set(job, path, value)
  local at = job
  for name in path:gmatch("([^.]+)%.") do
    at[name] = at[name] or {}
    at = at[name]
  end
  at[path:match("[^.]+$")] = value
end

local function get(job, path)
  local at = job
  for name in path:gmatch("[^.]+") do
    at = type(at) == "table" and at[name] or nil
  end
  return at
end

local function default_of(flag, world)
  return type(flag.default) == "string" and values_api.read(flag, flag.default, world) or flag.default
end

---A job to create.
---@param target string
---@param values table<string, any> texts of the flags that were given
---@param world mooncron.cli.jobs.World
---@return table? job without a name, in Lua's form
---@return string? problem one line for the user
function M.create(target, values, world)
  local flags = flags_api.of("create", target)
  local given = given_flags(flags, values)
  local problem = check_groups(given) or check_needs(given, flags, flags_api.targets[target].one_of)
  if problem then
    return nil, problem
  end
  local job = {}
  for _, flag in ipairs(flags) do
    local text = values[flags_api.key(flag)]
    local value = text == nil and default_of(flag, world) or nil
    if text ~= nil then
      value, problem = values_api.read(flag, text, world)
    end
    if problem then
      return nil, problem
    elseif value ~= nil and flag.field then
      set(job, flag.field, value)
    end
  end
  return job
end

-- A map after its edits. The service may merge a map or replace it [unconfirmed]: the whole map is right
-- for both.
local function edit(job, flag, value, live)
  local path = flag.edits or flag.removes
  local map = get(job, path)
  if not map then
    map = {}
    for key, item in pairs(get(live, path) or {}) do
      map[key] = item
    end
    set(job, path, map)
  end
  for key, item in pairs(flag.edits and value or {}) do
    map[key] = item
  end
  for _, key in ipairs(flag.removes and value or {}) do
    map[key] = nil
  end
  return path
end

---Whether an update has to know the job as it is.
---@param target string
---@param values table<string, any>
---@return boolean
function M.needs_live(target, values)
  for _, flag in ipairs(given_flags(flags_api.of("update", target), values)) do
    if flag.edits or flag.removes then
      return true
    end
  end
  return false
end

-- Set or clear what one flag says: the paths of the mask, or nil and the problem.
local function apply(job, flag, text, live, world)
  if flag.clears then
    for _, path in ipairs(flag.clears) do
      if flag.clear_to ~= nil then
        set(job, path, flag.clear_to)
      end
    end
    return flag.clears
  end
  local value, problem = values_api.read(flag, text, world)
  if problem then
    return nil, problem
  elseif flag.edits or flag.removes then
    return { edit(job, flag, value, live) }
  end
  set(job, flag.field, value)
  return { flag.field }
end

---What an update changes.
---@param target string
---@param values table<string, any> texts of the flags that were given; switches are true
---@param live table? the job as it is, when `needs_live` says so
---@param world mooncron.cli.jobs.World
---@return table? job the fields that are set
---@return string[]|string mask its paths, sorted; or what is wrong, one line
function M.update(target, values, live, world)
  local flags = flags_api.of("update", target)
  local given = given_flags(flags, values)
  local problem = check_groups(given) or check_needs(given, {})
  if not problem and #given == 0 then
    problem = "nothing to change: give a flag with a new value, or one that clears"
  end
  if problem then
    return nil, problem
  end
  local job, seen, mask = {}, {}, {}
  for _, flag in ipairs(given) do
    local paths
    paths, problem = apply(job, flag, values[flags_api.key(flag)], live or {}, world)
    if not paths then
      return nil, problem
    end
    for _, path in ipairs(paths) do
      mask[#mask + 1] = not seen[path] and path or nil
      seen[path] = true
    end
  end
  table.sort(mask)
  return job, mask
end

return M
