---What `terraform show -json` prints, of a state or a plan: the resources `google_cloud_scheduler_job` of
---every module. Their attributes are the API's in snake_case, messages as blocks (lists of one), bodies in
---base64; project and location stand beside the name, and a pause is `paused`.

local err <const> = require "mooncron.err"
local fields <const> = require "mooncron.api.fields"
local json <const> = require "mooncron.json"
local model <const> = require "mooncron.port.model"
local notes_api <const> = require "mooncron.port.notes"

local TYPE <const> = "google_cloud_scheduler_job"

-- Attributes of the resource that are no fields of the job.
local OWN <const> = {
  id = true, name = true, region = true, project = true, paused = true, state = true, timeouts = true,
  deletion_policy = true,
}

-- Blocks as messages; values that are empty are absent.
local function unblock(message, values)
  local out = {}
  for key, value in next, values do
    local field = message.by_name[key]
    if field and field.kind == "message" and type(value) == "table" then
      value = value[1]
      value = type(value) == "table" and unblock(field.message, value) or value
    end
    out[key] = value ~= json.null and value or nil
  end
  return out
end

local function text(value)
  return type(value) == "string" and value ~= "" and value or nil
end

local function name_of(values, options)
  local id = text(values.id)
  if id and id:find("^projects/[^/]+/locations/[^/]+/jobs/[^/]+$") then
    return id
  end
  return text(values.name) and model.name(values.name, {
    project = text(values.project) or options.project,
    location = text(values.region) or options.location,
  })
end

local function add(reading, resource, line)
  local values = resource.values
  local job = unblock(fields.job, values)
  for key in next, OWN do
    job[key] = nil
  end
  job.name = name_of(values, reading.options)
  if values.paused == true or values.state == "PAUSED" then
    job.state = "PAUSED"
  end
  reading:add_json(job, line)
end

local function walk(reading, module, find)
  for _, resource in ipairs(model.items(module.resources)) do
    local given = model.items(resource)
    if given.type == TYPE and given.mode ~= "data" and type(given.values) == "table" then
      add(reading, given, find(given.address))
    end
  end
  for _, child in ipairs(model.items(module.child_modules)) do
    walk(reading, model.items(child), find)
  end
end

local function root_of(value)
  for _, key in ipairs { "planned_values", "values" } do
    local values = value[key]
    if type(values) == "table" and type(values.root_module) == "table" then
      return values.root_module
    end
  end
end

---@param given string
---@param options mooncron.port.Options
---@return mooncron.Job[]? jobs
---@return mooncron.port.Note[]|mooncron.Err notes
return function(given, options)
  local value, e = json.decode(given)
  if value == nil then
    return nil, e
  end
  local is_table = type(value) == "table"
  local root = is_table and root_of(value)
  if is_table and not root and value.format_version then
    root = {} -- an empty state
  elseif is_table and not root and value.lineage then
    local message = "this is a state file, give what 'terraform show -json' prints of it"
    return nil, err.new("INVALID_ARGUMENT", message)
  elseif not root then
    return nil, err.new("INVALID_ARGUMENT", "not what 'terraform show -json' prints")
  end
  local reading = model.reading(options)
  walk(reading, root, notes_api.json_finder(given))
  return reading:result()
end
