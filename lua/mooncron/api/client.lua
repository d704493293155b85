---The client of the Cloud Scheduler v1 API: every method, over whichever backend carries it.
---Methods have the official clients' names and take either their request tables or what they need
---directly: `create_job { parent = ..., job = { ... } }` is `create_job { name = "nightly", ... }`.

local err <const> = require "mooncron.err"
local errors <const> = require "mooncron.api.errors"
local http <const> = require "mooncron.http"
local job_api <const> = require "mooncron.api.job"
local json <const> = require "mooncron.json"
local mask_api <const> = require "mooncron.api.mask"
local names <const> = require "mooncron.api.name"

local M = {}

---@class mooncron.Client
---@field project string
---@field location string
---@field backend table
local Client = { __name = "mooncron.client" }

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

---@param options { backend: table, project: string, location: string }
---@return mooncron.Client
function M.new(options)
  return setmetatable({
    backend = options.backend,
    project = options.project,
    location = options.location,
  }, Client)
end

function Client:__tostring()
  return ("mooncron.client (%s, %s)"):format(self.backend:describe(), self:parent())
end

---The location in which short names are meant.
---@return string "projects/P/locations/L"
function Client:parent()
  return names.format(self.project, self.location)
end

-- ---- requests ----

local function call(self, method, path, query, value)
  local response, e = self.backend:send {
    method = method,
    target = "/v1/" .. path .. (query and next(query) and "?" .. http.query(query) or ""),
    body = value and json.encode(value) or "",
  }
  if not response then
    return nil, e
  elseif response.status < 200 or response.status > 299 then
    return nil, errors.from_answer(response.status, response.body, response.headers)
  end
  local answer
  answer, e = json.decode(response.body)
  if answer == nil then
    local fields = { status = response.status, cause = e }
    return nil, err.new("INTERNAL", "the server's answer is not JSON", fields)
  end
  return answer
end

local function read_job(answer, e)
  if not answer then
    return nil, e
  end
  local job, problems = job_api.from_json(answer, { lenient = true })
  if not job then
    return nil, job_api.error(problems, { ours = true })
  end
  return job
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

local function read_given(given)
  local job, problems = job_api.from_lua(given)
  if not job then
    return nil, job_api.error(problems, { ours = true })
  end
  return job
end

-- ---- jobs ----

---Create a job. Waits.
---@param given table a job, or `{ parent =, job = }`
---@return table? job as the service keeps it
---@return mooncron.Err?
function Client:create_job(given)
  local fields, request = split_job(given)
  local job, e = read_given(fields)
  if not job then
    return nil, e
  end
  local parent = request.parent or self:parent()
  if job.name then
    job.name, e = name_of(self, job.name, 2)
    if not job.name then
      return nil, e
    end
    parent = request.parent or names.parent(job.name)
  end
  return read_job(call(self, "POST", parent .. "/jobs", nil, job_api.to_json(job)))
end

---@param given string|table a name, short or full, or `{ name = }`
---@return table? job
---@return mooncron.Err?
function Client:get_job(given)
  local name, e = name_of(self, given, 2)
  if not name then
    return nil, e
  end
  return read_job(call(self, "GET", name))
end

---All jobs of a location, page by page as they are asked for: `for job in client:list_jobs() do`.
---An error in between is raised. Waits.
---@param request? { parent: string?, page_size: integer? }
---@return fun(): table?
function Client:list_jobs(request)
  request = request or {}
  local parent = request.parent or self:parent()
  local page, at, token, over = {}, 0, nil, false
  return function()
    while at >= #page and not over do
      local answer = assert(call(self, "GET", parent .. "/jobs", {
        pageSize = request.page_size,
        pageToken = token,
      }))
      page, at, token = answer.jobs or {}, 0, answer.nextPageToken
      over = token == nil or token == ""
    end
    at = at + 1
    return page[at] and assert(read_job(page[at]))
  end
end

-- What of `job` differs from the live one: the least mask that a patch needs. Both as the service
-- writes them, so that what it fills in is no difference.
local function computed_mask(self, name, job)
  local live, e = self:get_job(name)
  if not live then
    return nil, e
  end
  local merged = mask_api.apply(live, job, mask_api.implied)
  return mask_api.compute(job_api.normalise_stored(live), job_api.normalise_stored(merged))
end

---Change a job: the fields that are given, or those that the mask names (named and not given:
---cleared). Waits.
---@param given table a job, or `{ job =, update_mask = }` with paths as a list, text, or `{ paths = }`
---@return table? job
---@return mooncron.Err?
function Client:update_job(given)
  local fields, request = split_job(given)
  local job, e = read_given(fields)
  if not job then
    return nil, e
  end
  local name
  name, e = name_of(self, job.name, 2)
  if not name then
    return nil, e
  end
  job.name = name
  local mask = request.update_mask
  if mask == nil then
    mask, e = computed_mask(self, name, job)
    if not mask then
      return nil, e
    elseif #mask == 0 then
      return self:get_job(name)
    end
  end
  if type(mask) == "table" then
    mask = mask_api.format(mask.paths or mask)
  end
  return read_job(call(self, "PATCH", name, { updateMask = mask }, job_api.to_json(job)))
end

---@param given string|table
---@return true?
---@return mooncron.Err?
function Client:delete_job(given)
  local name, e = name_of(self, given, 2)
  if not name then
    return nil, e
  end
  local answer
  answer, e = call(self, "DELETE", name)
  if not answer then
    return nil, e
  end
  return true
end

for _, verb in ipairs { "pause", "resume", "run" } do
  ---`pause_job`, `resume_job`, `run_job`: take a name, short or full, or `{ name = }`; return the
  ---job. Wait.
  Client[verb .. "_job"] = function(self, given)
    local name, e = name_of(self, given, 2)
    if not name then
      return nil, e
    end
    return read_job(call(self, "POST", name .. ":" .. verb, nil, {}))
  end
end

-- ---- locations ----

---@return table[]? locations each with `name`, `locationId`, `labels`
---@return mooncron.Err?
function Client:list_locations()
  local answer, e = call(self, "GET", "projects/" .. self.project .. "/locations")
  if not answer then
    return nil, e
  end
  return answer.locations or {}
end

---@param id? string default: the client's own
---@return table? location
---@return mooncron.Err?
function Client:get_location(id)
  return call(self, "GET", names.format(self.project, id or self.location))
end

---Let go of what the backend holds. Twice is fine.
function Client:close()
  self.backend:close()
end
Client.__close = Client.close

return M
