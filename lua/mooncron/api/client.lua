---The client of the Cloud Scheduler v1 API: every method, over whichever backend carries it.
---Methods have the official clients' names and take either their request tables or what they need
---directly: `create_job { parent = ..., job = { ... } }` is `create_job { name = "nightly", ... }`.
---Each takes options as its last argument: `{ timeout = seconds }`.

local call <const> = require "mooncron.client.call"
local err <const> = require "mooncron.err"
local fields <const> = require "mooncron.api.fields"
local job_api <const> = require "mooncron.api.job"
local mask_api <const> = require "mooncron.api.mask"
local names <const> = require "mooncron.api.name"
local offline <const> = require "mooncron.client.offline"
local tables <const> = require "mooncron.tables"

local M = {}

---@class mooncron.Client
---@field project string
---@field location string
---@field backend table
---@field is_cloud boolean does it change what runs in Google Cloud?
local Client = { __name = "mooncron.client" }

-- For completion.
function Client.__members(self)
  return self.backend.extras
end

-- What a client lacks, its local scheduler may have: `advance`, `attempts`, ...
function Client.__index(self, key)
  local method = Client[key]
  if method ~= nil then
    return method
  end
  local backend = rawget(self, "backend")
  local extra = backend and backend.extras and backend.extras[key]
  if extra then
    return function(_, ...)
      return extra(backend, ...)
    end
  end
end

---@class mooncron.ClientOptions
---@field backend table
---@field project string
---@field location string
---@field validate boolean? false: leave it to the server to say what is wrong with a job

---@param options mooncron.ClientOptions
---@return mooncron.Client
function M.new(options)
  return setmetatable({
    backend = options.backend,
    project = options.project,
    location = options.location,
    validate = options.validate ~= false,
    is_cloud = options.backend.is_cloud == true,
  }, Client)
end

---Where this client acts, one line for people.
---@return string
function Client:describe()
  return ("%s, project '%s', location '%s'"):format(self.backend:describe(), self.project, self.location)
end

function Client:__tostring()
  return ("mooncron.client (%s, %s)"):format(self.backend:describe(), self:parent())
end

---The location in which short names are meant.
---@return string "projects/P/locations/L"
function Client:parent()
  return names.format(self.project, self.location)
end

-- ---- names, as the official clients make them ----

---A job's full name.
---@return string "projects/P/locations/L/jobs/J"
function Client.job_path(_, project, location, job)
  return names.format(project, location, job)
end

---A location's full name.
---@return string "projects/P/locations/L"
function Client.common_location_path(_, project, location)
  return names.format(project, location)
end

---A project's full name.
---@return string "projects/P"
function Client.common_project_path(_, project)
  return "projects/" .. project
end

---A Pub/Sub topic's full name.
---@return string "projects/P/topics/T"
function Client.topic_path(_, project, topic)
  return ("projects/%s/topics/%s"):format(project, topic)
end

-- ---- requests ----

local function read_job(answer, e)
  return call.read(fields.job, answer, e)
end

-- The full name of a job: from a name in any form, a request with `name`, or a job.
local function name_of(self, given, level)
  local name = given
  if type(given) == "table" then
    name = given.name
  end
  if type(name) ~= "string" then
    error("a job's name is wanted, not " .. type(name), level + 1)
  end
  local full, why = names.resolve(name, self)
  if not full then
    return nil, err.new("INVALID_ARGUMENT", ("name '%s': %s"):format(name, why), { path = "name" })
  end
  return full
end

-- A request table of the official clients, or the job itself.
local function split_job(given)
  if type(given) ~= "table" then
    error("a job is wanted, not " .. type(given), 3)
  end
  if type(given.job) == "table" then
    return given.job, given
  end
  return given, {}
end

-- A job as the script has it, with its name in full, read and checked.
local function read_given(self, given, check)
  check.rules = self.validate
  if type(given.name) == "string" then
    local why
    check.name, why = names.resolve(given.name, self)
    if why then
      check.known = { path = "name", value = given.name, message = why }
      given = tables.copy(given)
      given.name = nil
    end
  end
  return offline.read(given, check)
end

-- ---- jobs ----

---Create a job. Waits.
---@param given table a job, or `{ parent =, job = }`; without a name the service makes one
---@param options mooncron.CallOptions?
---@return mooncron.Job? job as the service keeps it
---@return mooncron.Err?
function Client:create_job(given, options)
  local from, request = split_job(given)
  local job, e = read_given(self, from, { parent = request.parent })
  if not job then
    return nil, e
  end
  local parent = request.parent or job.name and names.parent(job.name) or self:parent()
  return read_job(call.make(self.backend, {
    rpc = "create_job",
    method = "POST",
    path = parent .. "/jobs",
    body = job_api.to_text(job),
    job = job.name,
  }, options))
end

---Read a job. Waits.
---@param given string|table a name, short or full, or `{ name = }`
---@param options mooncron.CallOptions?
---@return mooncron.Job?
---@return mooncron.Err?
function Client:get_job(given, options)
  local name, e = name_of(self, given, 2)
  if not name then
    return nil, e
  end
  return read_job(call.make(self.backend, { rpc = "get_job", method = "GET", path = name }, options))
end

---All jobs of a location, page by page as they are asked for. `for job in client:list_jobs() do` raises
---errors, `client:list_jobs():all()` returns `nil, err`. Waits.
---@param request? { parent: string?, page_size: integer? }
---@param options mooncron.CallOptions? of each page
---@return mooncron.Pager
function Client:list_jobs(request, options)
  request = request or {}
  return call.list(self.backend, {
    rpc = "list_jobs",
    path = (request.parent or self:parent()) .. "/jobs",
    member = "jobs",
    message = fields.job,
    page_size = request.page_size,
  }, options)
end

local function patch(self, job, mask, options)
  return read_job(call.make(self.backend, {
    rpc = "update_job",
    method = "PATCH",
    path = job.name,
    query = { updateMask = mask_api.format(mask) },
    body = job_api.to_text(job),
    job = job.name,
  }, options))
end

-- The paths of a mask in any form, each of them one that exists.
local function read_mask(given)
  local text = type(given) == "table" and table.concat(given.paths or given, ",") or given
  local mask, e = mask_api.parse(text)
  if not mask then
    return nil, e
  end
  local paths = {}
  for path in text:gmatch("[^%s,]+") do
    paths[#paths + 1] = path
  end
  return paths
end

-- What of `job` differs from the live one: the least mask that a patch needs, and the live one. Both as
-- the service writes them, so that what it fills in is no difference.
local function computed_mask(self, job, options)
  local live, e = self:get_job(job.name, options)
  if not live then
    return nil, e
  end
  local merged, ok = mask_api.apply(live, job, mask_api.implied), true
  if self.validate then
    ok, e = offline.check_change(merged, live)
  end
  if not ok then
    return nil, e
  end
  return mask_api.compute(job_api.normalise_stored(live), job_api.normalise_stored(merged)), live
end

---Change a job: the fields that are given and differ, or those that the mask names (named and not
---given: cleared). Waits.
---@param given table a job, or `{ job =, update_mask = }` with paths as a list, text, or `{ paths = }`
---@param options mooncron.CallOptions?
---@return mooncron.Job?
---@return mooncron.Err?
function Client:update_job(given, options)
  local from, request = split_job(given)
  local name, e = name_of(self, from, 2)
  if not name then
    return nil, e
  end
  local job
  job, e = read_given(self, from, { partial = true })
  if not job then
    return nil, e
  end
  local paths, live
  if request.update_mask ~= nil then
    paths, e = read_mask(request.update_mask)
  else
    paths, live = computed_mask(self, job, options)
    e = live
  end
  if not paths then
    return nil, e
  elseif live and #paths == 0 then
    return live
  end
  return patch(self, job, paths, options)
end

---Have the job be as it is given, whether it is there already or not; what is not given is cleared.
---Waits.
---@param given table a job with its name
---@param options mooncron.CallOptions?
---@return mooncron.Job? job
---@return "created"|"updated"|"unchanged"|mooncron.Err|nil what
function Client:upsert_job(given, options)
  local from = split_job(given)
  local name, e = name_of(self, from, 2)
  if not name then
    return nil, e
  end
  local job
  job, e = read_given(self, from, {})
  if not job then
    return nil, e
  end
  local live
  live, e = self:get_job(job.name, options)
  if not live and e.code == "NOT_FOUND" then
    live, e = self:create_job(job, options)
    if live then
      return live, "created"
    elseif e.code == "ALREADY_EXISTS" then -- by somebody else, just now
      live, e = self:get_job(job.name, options)
    end
  end
  if not live then
    return nil, e
  end
  local mask = require("mooncron.code.diff").mask(live, job)
  if #mask == 0 then
    return live, "unchanged"
  end
  live, e = patch(self, require("mooncron.code.normalise").filled(job), mask, options)
  return live, live and "updated" or e
end

---Delete a job for good. Waits.
---@param given string|table a name, short or full, or `{ name = }`
---@param options mooncron.CallOptions?
---@return true?
---@return mooncron.Err?
function Client:delete_job(given, options)
  local name, e = name_of(self, given, 2)
  if not name then
    return nil, e
  end
  local answer
  answer, e = call.make(self.backend, {
    rpc = "delete_job",
    method = "DELETE",
    path = name,
    job = name,
  }, options)
  if not answer then
    return nil, e
  end
  return true
end

for _, verb in ipairs { "pause", "resume", "run" } do
  ---`pause_job`, `resume_job`, `run_job`: take a name, short or full, or `{ name = }`; return the
  ---job. Wait.
  Client[verb .. "_job"] = function(self, given, options)
    local name, e = name_of(self, given, 2)
    if not name then
      return nil, e
    end
    return read_job(call.make(self.backend, {
      rpc = verb .. "_job",
      method = "POST",
      path = name .. ":" .. verb,
      value = {},
      job = name,
    }, options))
  end
end

require("mooncron.client.admin").install(Client)

---Let go of what the backend holds. Twice is fine.
function Client:close()
  self.backend:close()
end
Client.__close = Client.close

return M
