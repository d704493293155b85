---A job file (see `mooncron.code.words`): what jobs have in common stands in `defaults`, each job says what
---is its own. Parts of a target are common to the jobs with that kind of target only.

local fields <const> = require "mooncron.api.fields"
local json <const> = require "mooncron.json"
local literal <const> = require "mooncron.port.literal"
local model <const> = require "mooncron.port.model"
local names <const> = require "mooncron.api.name"
local notes_api <const> = require "mooncron.port.notes"
local sets <const> = require "mooncron.code.set"

local ORDER <const> = {
  "project", "location", "description", "schedule", "time_zone", "paused", "http_target", "pubsub_target",
  "app_engine_http_target", "retry_config", "attempt_deadline",
}

local function order_of(message)
  local order = {}
  for i, field in ipairs(message.fields) do
    order[i] = field.name
    order[field.name] = field.kind == "message" and order_of(field.message) or nil
  end
  return order
end

for _, field in ipairs(fields.job.fields) do
  ORDER[field.name] = field.kind == "message" and order_of(field.message) or nil
end

-- ---- one job ----

-- A body that is JSON, as a table: only when the loader makes the same bytes of it. (null, for one, has
-- no spelling there.)
local function body(text)
  local value = text:find("^{.") and json.decode(text)
  if type(value) ~= "table" or text ~= json.canonical(value) then
    return text
  end
  local source = "return " .. literal.value(value)
  local again = load(source, "=body", "t", {})
  return again and json.canonical(again()) == text and value or text
end

local function with_readable_bodies(job)
  for _, key in ipairs(fields.targets) do
    for _, name in ipairs { "body", "data" } do
      if job[key] and job[key][name] then
        job[key][name] = body(job[key][name])
      end
    end
  end
  return job
end

-- The declaration of a job: the table, its id and its set.
local function declaration(job, home)
  local out = with_readable_bodies(model.copy(job))
  local parts = model.name_parts(job)
  out.name, out.state = nil, nil
  out.paused = job.state == "PAUSED" or nil
  if parts.project then
    out.project = parts.project ~= home.project and parts.project or nil
    out.location = parts.location ~= home.location and parts.location or nil
  end
  local set
  out.description, set = sets.detach(job.description)
  return out, parts.job, set
end

-- ---- what is common ----

-- What makes a job what it is stays with it.
local OWN <const> = {
  name = true, description = true, schedule = true, paused = true, uri = true, relative_uri = true,
  body = true, data = true,
}

-- Every value of a job by its path; bodies and empty messages are values.
local function leaves(node, prefix, out)
  for key, value in next, node do
    local path = prefix == "" and key or prefix .. "\0" .. key
    if OWN[key] or key == "" or key:find("\0", 1, true) then
      goto continue
    elseif type(value) == "table" and next(value) ~= nil then
      leaves(value, path, out)
    else
      out[path] = value
    end
    ::continue::
  end
  return out
end

local function step(path)
  return path:gmatch("[^\0]+")
end

local function put(tree, path, value)
  local last
  for key in step(path) do
    if last then
      tree[last] = tree[last] or {}
      tree = tree[last]
    end
    last = key
  end
  tree[last] = value
end

-- Take a value away, and the tables that it leaves empty.
local function take(node, path)
  local key, rest = path:match("^([^\0]+)%z(.*)$")
  if not key then
    node[path] = nil
    return
  end
  take(node[key], rest)
  if next(node[key]) == nil then
    node[key] = nil
  end
end

-- The value that most jobs have at a path, when all have one there and more than half this one.
local function most_common(values, count)
  local tally, best = {}, nil
  for _, value in ipairs(values) do
    tally[value] = (tally[value] or 0) + 1
    best = (best == nil or tally[value] > tally[best]) and value or best
  end
  if #values == count and tally[best] * 2 > count then
    return best
  end
end

---Move what is common out of the jobs.
---@param jobs table[] changed
---@param wanted fun(path: string): boolean
---@return table common
local function factor(jobs, wanted)
  local common, flat, values = {}, {}, {}
  if #jobs < 2 then
    return common
  end
  for i, job in ipairs(jobs) do
    flat[i] = leaves(job, "", {})
    for path, value in next, flat[i] do
      if wanted(path) and type(value) ~= "table" then
        values[path] = values[path] or {}
        table.insert(values[path], value)
      end
    end
  end
  for path, list in next, values do
    local value = most_common(list, #jobs)
    if value ~= nil then
      put(common, path, value)
      for i, job in ipairs(jobs) do
        if flat[i][path] == value then
          take(job, path)
        end
      end
    end
  end
  return common
end

-- ---- the file ----

local function by_target(list)
  local groups = {}
  for _, key in ipairs(fields.targets) do
    local group = { key = key, jobs = {} }
    for _, one in ipairs(list) do
      if one.target == key then
        group.jobs[#group.jobs + 1] = one
      end
    end
    if #group.jobs > 0 then
      groups[#groups + 1] = group
    end
  end
  local rest = { jobs = {} }
  for _, one in ipairs(list) do
    if not one.target then
      rest.jobs[#rest.jobs + 1] = one
    end
  end
  groups[#groups + 1] = #rest.jobs > 0 and rest or nil
  return groups
end

local function tables_of(list)
  local out = {}
  for i, one in ipairs(list) do
    out[i] = one.table
  end
  return out
end

local function write_jobs(out, list, indent)
  for _, one in ipairs(list) do
    local head = one.id and ("%sjob %s "):format(indent, literal.string(one.id)) or indent .. "job "
    out[#out + 1] = head .. literal.block(one.table, ORDER, indent) .. "\n"
  end
end

local function factor_target(list, key)
  return factor(tables_of(list), function(path)
    return path:sub(1, #key + 1) == key .. "\0"
  end)
end

local function write_group(out, group)
  local common = group.key and factor_target(group.jobs, group.key) or {}
  if next(common) == nil then
    return write_jobs(out, group.jobs, "")
  end
  out[#out + 1] = "defaults(" .. literal.block(common, ORDER, "") .. ", function()"
  write_jobs(out, group.jobs, "  ")
  out[#out] = out[#out]:sub(1, -2)
  out[#out + 1] = "end)\n"
end

-- The project and location of most jobs, which the file leaves to whoever loads it.
local function home_of(jobs)
  local tally, best = {}, nil
  for _, job in ipairs(jobs) do
    local parts = model.name_parts(job)
    local key = parts.project and names.format(parts.project, parts.location)
    if key then
      tally[key] = (tally[key] or 0) + 1
    end
  end
  for _, key in ipairs(model.sorted_keys(tally)) do
    best = (not best or tally[key] > tally[best]) and key or best
  end
  return best and names.parse_location(best) or {}, best
end

-- The one set of all jobs. A file is of one set at most, and its marks are put on by loading it.
local function common_set(list, notes)
  local set = list[1] and list[1].set
  for _, one in ipairs(list) do
    if one.set ~= set then
      for _, marked in ipairs(list) do
        if marked.set then
          local at = { job = marked.id }
          notes:add(at, "the mark of set '%s' is left out: not all jobs are in one set", marked.set)
        end
      end
      return nil
    end
  end
  return set
end

---@param jobs mooncron.Job[]
---@return string text
---@return mooncron.port.Note[] notes
return function(jobs)
  local home, parent = home_of(jobs)
  local notes, list = notes_api.new(), {}
  for i, job in ipairs(jobs) do
    local one, id, set = declaration(job, home)
    list[i] = { table = one, id = id, set = set, target = model.target_of(job) }
  end
  local set = common_set(list, notes)
  local out = {}
  if parent then
    out[1] = ("-- Jobs of %s."):format(parent)
    out[2] = ("-- Load with --project %s --location %s, or elsewhere.\n"):format(home.project, home.location)
  end
  if set then
    out[#out + 1] = ("set %s\n"):format(literal.string(set))
  end
  local groups = by_target(list)
  local common = factor(tables_of(list), function(path)
    local head = path:match("^[^\0]+")
    return not (head == "http_target" or head == "pubsub_target" or head == "app_engine_http_target")
  end)
  if #groups == 1 and groups[1].key then
    local key = groups[1].key
    common[key] = factor_target(list, key)[key]
  end
  if next(common) ~= nil then
    out[#out + 1] = "defaults " .. literal.block(common, ORDER, "") .. "\n"
  end
  for _, group in ipairs(groups) do
    write_group(out, group)
  end
  return table.concat(out, "\n"), notes.list
end
