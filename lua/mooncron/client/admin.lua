---The client's methods beside those of jobs: locations, customer-managed keys, long-running operations.

local call <const> = require "mooncron.client.call"
local err <const> = require "mooncron.err"
local names <const> = require "mooncron.api.name"
local resources <const> = require "mooncron.api.resources"
local schema_write <const> = require "mooncron.schema_write"
local task <const> = require "mooncron.task"

local M = {}

local methods = {}

-- A resource below the client's location: given in full, as a request with `name`, by its last part, or
-- not at all.
local function name_in(self, given, suffix)
  local name = type(given) == "table" and given.name or given
  if name == nil or type(name) == "table" then
    return self:parent() .. (suffix and "/" .. suffix or "")
  elseif name:find("/", 1, true) then
    return name
  end
  return self:parent() .. "/" .. suffix .. "/" .. name
end

-- ---- locations ----

---The locations of a project: `for location in client:list_locations() do`. Waits.
---@param request? { name: string?, page_size: integer?, filter: string? } name: "projects/P"
---@param options mooncron.CallOptions?
---@return mooncron.Pager locations each with `name`, `location_id`, `labels`
function methods:list_locations(request, options)
  request = request or {}
  return call.list(self.backend, {
    rpc = "list_locations",
    path = (request.name or "projects/" .. self.project) .. "/locations",
    member = "locations",
    message = resources.location,
    page_size = request.page_size,
    filter = request.filter,
  }, options)
end

---@param given? string|table its id, full name, or `{ name = }`; default: the client's own
---@param options mooncron.CallOptions?
---@return table? location
---@return mooncron.Err?
function methods:get_location(given, options)
  local name = type(given) == "table" and given.name or given
  if not name then
    name = self:parent()
  elseif not name:find("/", 1, true) then
    name = names.format(self.project, name)
  end
  return call.read(resources.location, call.make(self.backend, {
    rpc = "get_location",
    method = "GET",
    path = name,
  }, options))
end

-- ---- customer-managed keys ----

---@param given? string|table full name, or `{ name = }`; default: of the client's location
---@param options mooncron.CallOptions?
---@return table? config `name`, `kms_key_name`
---@return mooncron.Err?
function methods:get_cmek_config(given, options)
  return call.read(resources.cmek_config, call.make(self.backend, {
    rpc = "get_cmek_config",
    method = "GET",
    path = name_in(self, given, "cmekConfig"),
  }, options))
end

---Set the key of a location; an empty `kms_key_name` turns it off. Waits.
---@param given table `{ kms_key_name = }`, or `{ cmek_config =, update_mask = }`
---@param options mooncron.CallOptions?
---@return table? operation see `wait_operation`
---@return mooncron.Err?
function methods:update_cmek_config(given, options)
  local config = type(given.cmek_config) == "table" and given.cmek_config or given
  if type(config.kms_key_name) ~= "string" then
    error("a kms_key_name is wanted, \"\" for none", 2)
  end
  local mask = given.update_mask
  mask = type(mask) == "table" and table.concat(mask.paths or mask, ",") or mask or "kms_key_name"
  return call.read(resources.operation, call.make(self.backend, {
    rpc = "update_cmek_config",
    method = "PATCH",
    path = name_in(self, config.name, "cmekConfig"),
    query = { updateMask = (mask:gsub("_(%w)", string.upper)) },
    value = schema_write.write(resources.cmek_config, { kms_key_name = config.kms_key_name }),
  }, options))
end

-- ---- operations ----

---The operations of a location. Waits.
---@param request? { name: string?, page_size: integer?, filter: string? } name: of the location
---@param options mooncron.CallOptions?
---@return mooncron.Pager
function methods:list_operations(request, options)
  request = request or {}
  return call.list(self.backend, {
    rpc = "list_operations",
    path = (request.name or self:parent()) .. "/operations",
    member = "operations",
    message = resources.operation,
    page_size = request.page_size,
    filter = request.filter,
  }, options)
end

---@param given string|table its id, full name, or `{ name = }`
---@param options mooncron.CallOptions?
---@return table? operation `name`, `done`, `metadata`, and `error` or `response` when it is done
---@return mooncron.Err?
function methods:get_operation(given, options)
  return call.read(resources.operation, call.make(self.backend, {
    rpc = "get_operation",
    method = "GET",
    path = name_in(self, given, "operations"),
  }, options))
end

for rpc, http_call in pairs {
  cancel_operation = { "POST", ":cancel", {} },
  delete_operation = { "DELETE", "", nil },
} do
  ---`cancel_operation`, `delete_operation`: take its id, full name or `{ name = }`; return true. Wait.
  methods[rpc] = function(self, given, options)
    local answer, e = call.make(self.backend, {
      rpc = rpc,
      method = http_call[1],
      path = name_in(self, given, "operations") .. http_call[2],
      value = http_call[3],
    }, options)
    if not answer then
      return nil, e
    end
    return true
  end
end

-- The error that ended an operation.
local function failure_of(operation)
  local status = operation.error
  local code = "UNKNOWN"
  for word, number in pairs(err.number) do
    if number == status.code then
      code = word
    end
  end
  return err.new(code, status.message or "the operation failed", { details = status.details })
end

local FIRST_PAUSE_S <const> = 1
local LONGEST_PAUSE_S <const> = 10
local DEFAULT_WAIT_S <const> = 600

---Ask until an operation is done, less and less often. Waits.
---@param given string|table an operation, its id or name
---@param options mooncron.CallOptions? `timeout`: default 600 s
---@return table? operation that is done
---@return mooncron.Err? err what it ended with, or DEADLINE_EXCEEDED
function methods:wait_operation(given, options)
  local function poll()
    local operation, pause = type(given) == "table" and given or {}, FIRST_PAUSE_S
    while not operation.done do
      local e
      operation, e = self:get_operation(given)
      if not operation then
        return nil, e
      elseif not operation.done then
        task.sleep(pause)
        pause = math.min(pause * 1.5, LONGEST_PAUSE_S)
      end
    end
    if operation.error then
      return nil, failure_of(operation)
    end
    return operation
  end
  return task.with_timeout(options and options.timeout or DEFAULT_WAIT_S, poll)
end

---Give a class these methods.
---@param class table
function M.install(class)
  for name, method in pairs(methods) do
    class[name] = method
  end
end

return M
