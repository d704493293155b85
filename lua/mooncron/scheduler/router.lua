---The REST surface: a request as data in, a response as data out. It never waits; whoever serves it
---sends the response after the store's commit.

local errors <const> = require "mooncron.api.errors"
local err <const> = require "mooncron.err"
local job_api <const> = require "mooncron.api.job"
local json <const> = require "mooncron.json"
local locations <const> = require "mooncron.scheduler.locations"
local mask_api <const> = require "mooncron.api.mask"
local page <const> = require "mooncron.api.page"
local query_api <const> = require "mooncron.api.query"

local M = {}

---@class mooncron.scheduler.Call what a method is given
---@field jobs mooncron.scheduler.Jobs
---@field names string[] the parts of the path that the route leaves open
---@field project string?
---@field parent string? "projects/P/locations/L"
---@field name string? the full name of the job
---@field options mooncron.api.Options
---@field body string

-- ---- methods: (call) -> text | value, order of its members | nil, err ----

local function job_answer(call, job, e)
  if not job then
    return nil, e
  elseif call.options.fields then
    return job_api.to_json(job, call.options), job_api.order
  end
  return job_api.to_text(job, call.options)
end

local function create(call)
  local job, e = job_api.decode(call.body)
  if not job then
    return nil, e
  end
  return job_answer(call, call.jobs:create(call.parent, job))
end

local function get(call)
  return job_answer(call, call.jobs:get(call.name))
end

-- How many of a list, and after which name.
local function page_of(call, method, collection)
  if call.options.filter then
    return nil, errors.unimplemented(("the filter of projects.locations.%s"):format(method))
  end
  local size, e = page.size(call.options.page_size)
  if not size then
    return nil, e
  end
  local after
  after, e = page.after(call.options.page_token, collection)
  if e then
    return nil, e
  end
  return size, after
end

local function list(call)
  local size, after = page_of(call, "jobs.list", call.parent .. "/jobs")
  if not size then
    return nil, after
  end
  local jobs, more = call.jobs:list(call.parent, after, size)
  if not jobs then
    return nil, more
  end
  local answer = { jobs = jobs, next_page_token = more and page.token(jobs[#jobs].name) or nil }
  if call.options.fields then
    return job_api.list_to_json(answer, call.options), job_api.list_order
  end
  return job_api.list_to_text(answer, call.options) -- nothing there: `{}` [rec]
end

local function patch(call)
  local job, e = job_api.decode(call.body)
  if not job then
    return nil, e
  end
  local mask
  mask, e = mask_api.parse(call.options.update_mask)
  if not mask then
    return nil, e
  end
  return job_answer(call, call.jobs:patch(call.name, job, mask))
end

local function delete(call)
  local ok, e = call.jobs:delete(call.name)
  if not ok then
    return nil, e
  end
  return {}
end

-- pause, resume and run take `{}` or nothing.
local function verb(method)
  return function(call)
    if call.body:find("%S") then
      local body, e = json.decode(call.body)
      if body == nil then
        return nil, e
      end
    end
    return job_answer(call, call.jobs[method](call.jobs, call.name))
  end
end

local function list_locations(call)
  local size, after = page_of(call, "list", ("projects/%s/locations"):format(call.project))
  if not size then
    return nil, after
  end
  local rows, answer = {}, {}
  for _, id in ipairs(locations.ids) do
    local row = locations.resource(call.project, id)
    if not after or row.name > after then
      rows[#rows + 1] = row
    end
    if #rows > size then
      rows[#rows] = nil
      answer.nextPageToken = page.token(rows[#rows].name)
      break
    end
  end
  answer.locations = rows[1] and json.list(rows) or nil
  return answer, locations.list_order
end

local function get_location(call)
  return locations.resource(call.project, call.names[2]), locations.order
end

-- ---- routes ----

local LOCATION <const> = "projects/*/locations/*"
local JOB <const> = LOCATION .. "/jobs/*"
local OPERATION <const> = LOCATION .. "/operations/*"

---@class mooncron.scheduler.Route
---@field id string the method's name in the discovery document, below `projects.locations.`
---@field method string
---@field path string below the version, `*` for a segment that is free
---@field verb string? what follows the last segment's colon
---@field answer (fun(call: mooncron.scheduler.Call): string|table|nil, any)? nil: we do not have it
---@field is_kept boolean? its plain answer is one that depends on the job alone

---@type mooncron.scheduler.Route[]
M.routes = {
  { id = "list", method = "GET", path = "projects/*/locations", answer = list_locations },
  { id = "get", method = "GET", path = LOCATION, answer = get_location },
  { id = "jobs.list", method = "GET", path = LOCATION .. "/jobs", answer = list },
  { id = "jobs.create", method = "POST", path = LOCATION .. "/jobs", answer = create },
  { id = "jobs.get", method = "GET", path = JOB, answer = get, is_kept = true },
  { id = "jobs.patch", method = "PATCH", path = JOB, answer = patch },
  { id = "jobs.delete", method = "DELETE", path = JOB, answer = delete },
  { id = "jobs.pause", method = "POST", path = JOB, verb = "pause", answer = verb("pause") },
  { id = "jobs.resume", method = "POST", path = JOB, verb = "resume", answer = verb("resume") },
  { id = "jobs.run", method = "POST", path = JOB, verb = "run", answer = verb("run") },
  { id = "getCmekConfig", method = "GET", path = LOCATION .. "/cmekConfig" },
  { id = "updateCmekConfig", method = "PATCH", path = LOCATION .. "/cmekConfig" },
  { id = "operations.list", method = "GET", path = LOCATION .. "/operations" },
  { id = "operations.get", method = "GET", path = OPERATION },
  { id = "operations.delete", method = "DELETE", path = OPERATION },
  { id = "operations.cancel", method = "POST", path = OPERATION, verb = "cancel" },
}

-- v1beta1 has the same surface but for the newer methods (fact sheet 1.2).
local VERSIONS <const> = { v1 = true, v1beta1 = true }

local function split(path)
  local parts = {}
  for part in path:gmatch("[^/]+") do
    parts[#parts + 1] = part
  end
  return parts
end

-- The routes as a tree of segments. A node's leaves are lists of routes, by verb: one for each method.
local LEAVES <const> = {}

local function add_route(tree, route)
  local node = tree
  for _, part in ipairs(split(route.path)) do
    node[part] = node[part] or { [LEAVES] = {} }
    node = node[part]
  end
  local leaves, path_verb = node[LEAVES], route.verb or ""
  leaves[path_verb] = leaves[path_verb] or {}
  table.insert(leaves[path_verb], route)
end

local tree <const> = { [LEAVES] = {} }
for _, route in ipairs(M.routes) do
  add_route(tree, route)
end

local function decode_segment(text)
  return text:find("%", 1, true) and text:gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end) or text
end

-- The routes of the segments after the first, and what stands in the free ones.
local function match(parts, path_verb)
  local node, names = tree, {}
  for i = 2, #parts do
    local part = parts[i]
    local literal = part ~= "*" and node[part]
    if not literal then
      names[#names + 1] = decode_segment(part)
    end
    node = literal or node["*"]
    if not node then
      return {}
    end
  end
  return node[LEAVES][path_verb or ""] or {}, names
end

-- A verb follows the last segment's colon; job ids have none. Encoded or not, it is the same.
local function take_verb(parts)
  local last = parts[#parts]
  if #parts < 7 or not last:find("[:%%]") then
    return nil
  end
  local id, path_verb = last:match("^(.+):(%a+)$")
  if not id then
    id, path_verb = last:match("^(.+)%%3[aA](%a+)$")
  end
  if id then
    parts[#parts] = id
    return path_verb
  end
end

local function find_route(method, path)
  local parts = split(path)
  if parts[1] == "batch" then
    return nil, errors.unimplemented("batch")
  elseif not VERSIONS[parts[1]] then
    return nil, err.new("NOT_FOUND",
      ("path '%s' is not of the API: it begins with /v1/projects/"):format(path))
  end
  local routes, names = match(parts, take_verb(parts))
  local others = {}
  for i, route in ipairs(routes) do
    if route.method == method then
      return route, names
    end
    others[i] = route.method
  end
  if others[1] then
    return nil, err.new("NOT_FOUND", ("%s is no method of '%s': use %s"):format(
      method, path, table.concat(others, " or ")))
  end
  return nil, err.new("NOT_FOUND",
    ("path '%s' is not of the API: see projects/P/locations/L/jobs"):format(path))
end

-- ---- answering ----

local JSON <const> = { ["Content-Type"] = "application/json; charset=UTF-8" }

local function failure(e)
  local status, body = errors.answer(e)
  return { status = status, headers = JSON, body = body }
end

local function call_of(jobs, names, options, body)
  local parent = names[2] and ("projects/%s/locations/%s"):format(names[1], names[2])
  return {
    jobs = jobs,
    names = names,
    project = names[1],
    parent = parent,
    name = names[3] and parent .. "/jobs/" .. names[3],
    options = options,
    body = body,
  }
end

local FAULTS <const> = {
  too_large = { "INVALID_ARGUMENT", "the request's body is too large: a job is at most 1 MB" },
  no_room = { "UNAVAILABLE", "too many large requests at once: try again" },
}

local PLAIN <const> = query_api.options {} -- of a request without a query

local function options_of(query)
  if query == "" then
    return PLAIN
  end
  local parameters, e = query_api.parse(query)
  if not parameters then
    return nil, e
  end
  return query_api.options(parameters)
end

-- The text of a route's answer. That of a plain get depends on the job alone, so the store keeps it
-- until the job changes.
local function rendered(route, call)
  local options = call.options
  local kept = route.is_kept and options == PLAIN and call.jobs.store.kept
  local text = kept and kept:answer(call.name)
  if text then
    return text
  end
  local value, order = route.answer(call)
  if not value then
    return nil, order
  end
  if type(value) == "string" then
    text = value
  else
    value = options.fields and query_api.select(value, options.fields) or value
    text = options.pretty and json.pretty(value, order) or json.encode(value)
  end
  if kept then
    kept:keep_answer(call.name, text)
  end
  return text
end

---Answer a request of the API.
---@param jobs mooncron.scheduler.Jobs
---@param request { method: string, target: string, body: string, fault: string? }
---@return { status: integer, headers: table, body: string }
function M.handle(jobs, request)
  if request.fault then
    return failure(err.new(table.unpack(FAULTS[request.fault])))
  end
  local path, query = request.target:match("^([^?]*)%??(.*)$")
  local route, names = find_route(request.method, path)
  if not route then
    return failure(names)
  elseif not route.answer then
    return failure(errors.unimplemented("projects.locations." .. route.id))
  end
  local options, e = options_of(query)
  if not options then
    return failure(e)
  end
  local call = call_of(jobs, names, options, request.body)
  local body
  body, e = rendered(route, call)
  if not body then
    return failure(e)
  end
  return { status = 200, headers = JSON, body = body }
end

---The answer when the commit failed: what the request changed is not there.
function M.failure(e)
  return failure(e)
end

return M
