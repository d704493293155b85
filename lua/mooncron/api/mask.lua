---Update masks of jobs.patch: which fields a patch sets or clears, on the server's side (`parse`,
---`apply`) and on the client's (`compute`, `format`).

local fields <const> = require "mooncron.api.fields"
local problem <const> = require "mooncron.problem"
local spelling <const> = require "mooncron.spelling"
local tables <const> = require "mooncron.tables"

local M = {}

---@class mooncron.api.Mask
---@field paths string[][] each a list of snake_case names from the job downwards
---@field implied boolean? there was none: the populated top-level fields of the patch are meant,
---  each replaced whole [ours]

---@type mooncron.api.Mask
M.implied = { paths = {}, implied = true }

local function is_settable(field)
  return not (field.output or field.immutable)
end

local function every_field()
  local paths = {}
  for _, field in ipairs(fields.job.fields) do
    if is_settable(field) then
      paths[#paths + 1] = { field.name }
    end
  end
  return paths
end

-- One path in either spelling -> its snake_case names; false when it leads to a field that cannot
-- be set; nil and the problem when it leads nowhere. A map is masked as a whole.
local function resolve(path)
  local message, names, settable, walked = fields.job, {}, true, ""
  for word in (path .. "."):gmatch("([^.]*)%.") do
    local field = message and message.by_key[word]
    if not field then
      local hint = message and spelling.field_hint(word, message, "json")
      return nil, {
        path = "update_mask",
        value = path,
        message = message and "no such field" or ("'%s' has no fields of its own"):format(walked),
        fix = hint or nil,
        service = "Invalid mask for Job: " .. problem.cut(path), -- [3P]
      }
    end
    names[#names + 1] = field.name
    settable = settable and is_settable(field)
    walked = table.concat(names, ".")
    message = field.message
  end
  return settable and names
end

---Read a mask: paths in snake_case or lowerCamelCase with commas between; `*` is every field. Paths
---to output-only and immutable fields are passed over. No text gives `mask.implied`.
---@param text string?
---@return mooncron.api.Mask?
---@return mooncron.Err? err
function M.parse(text)
  if not text or text == "" then
    return M.implied
  end
  local paths, problems = {}, {}
  for part in (text .. ","):gmatch("%s*([^,]-)%s*,") do
    if part == "*" then
      table.move(every_field(), 1, #every_field(), #paths + 1, paths)
    elseif part ~= "" and #problems < problem.max then
      local names, wrong = resolve(part)
      if names then
        paths[#paths + 1] = names
      end
      problems[#problems + 1] = wrong
    end
  end
  if problems[1] then
    return nil, problem.error(problems)
  end
  return { paths = paths }
end

local function clear_siblings(message, job, field)
  for _, other in ipairs(message.fields) do
    if other.oneof == field.oneof and other ~= field then
      job[other.name] = nil
    end
  end
end

-- Sets job[names[i]...] to what the patch has there. A message that is emptied by clearing its
-- fields goes too: that is how `gcloud --clear-auth-token` ends without a token instead of with an
-- empty one.
local function set_path(message, job, patch, names, i)
  local name = names[i]
  local field = message.by_name[name]
  local value = patch and patch[name]
  if i < #names then
    local inner = job[name] and tables.copy(job[name]) or {}
    set_path(field.message, inner, value, names, i + 1)
    value = next(inner) ~= nil and inner or nil
  end
  job[name] = value
  if value ~= nil and field.oneof then
    clear_siblings(message, job, field)
  end
end

---The stored job with the patch applied: a masked field is set, or cleared when the patch does not
---have it; a map is replaced; setting one target or token removes the other. Neither job given in
---is changed. The result is to be validated and normalised.
---@param stored table canonical
---@param patch table canonical
---@param mask mooncron.api.Mask? `mask.implied` when nil
---@return table job
function M.apply(stored, patch, mask)
  local job = tables.copy(stored)
  if mask and not mask.implied then
    for _, names in ipairs(mask.paths) do
      set_path(fields.job, job, patch, names, 1)
    end
    return job
  end
  for _, field in ipairs(fields.job.fields) do
    if patch[field.name] ~= nil and is_settable(field) then
      set_path(fields.job, job, patch, { field.name }, 1)
    end
  end
  return job
end

-- Removing a oneof's member needs no path when another one takes its place.
local function is_replaced(message, field, new)
  for _, other in ipairs(message.fields) do
    if field.oneof and other.oneof == field.oneof and new[other.name] ~= nil then
      return true
    end
  end
  return false
end

local function compare(message, old, new, prefix, paths)
  for _, field in ipairs(message.fields) do
    local a, b = old[field.name], new[field.name]
    if a ~= b and is_settable(field) and not tables.equal(a, b) then
      local path = prefix .. field.name
      if field.kind == "message" and a and b and next(b) ~= nil then
        compare(field.message, a, b, path .. ".", paths)
      elseif b ~= nil or not is_replaced(message, field, new) then
        paths[#paths + 1] = path
      end
    end
  end
  return paths
end

---The least mask that makes `new` of `old`: snake_case paths in the order of the fields, none when
---nothing that can be set differs.
---@param old table canonical
---@param new table canonical
---@return string[] paths
function M.compute(old, new)
  return compare(fields.job, old, new, "", {})
end

---Paths as the `updateMask` parameter has them: lowerCamelCase, commas between.
---@param paths string[]
---@return string
function M.format(paths)
  return (table.concat(paths, ","):gsub("_(%w)", string.upper))
end

return M
