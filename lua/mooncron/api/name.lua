---Resource names: `projects/P/locations/L/jobs/J` and its parents, and the short ids that people
---type.

local cut <const> = require("mooncron.problem").cut
local parent_length <const> = require("mooncron.native").plain.parent_length

local M = {}

---@class mooncron.api.Name
---@field project string
---@field location string
---@field job string? nil for the name of a location

-- P: letters, digits, `-`, `:`, `.`; J: letters, digits, `-`, `_`, up to 500 [ref]. L is checked
-- for what a path segment can be; whether there is such a location is the service's to say.
local PROJECT <const> = "^[%w%-:.]+$"
local LOCATION <const> = "^[%w%-]+$"
local JOB <const> = "^[%w_%-]+$"
local MAX_JOB <const> = 500

---The start is witnessed, the rest presumed [3P].
M.format_sentence =
  'Job name must be formatted: "projects/<PROJECT_ID>/locations/<LOCATION_ID>/jobs/<JOB_ID>"'

---@param project string
---@param location string
---@param job string?
---@return string
function M.format(project, location, job)
  if job then
    return "projects/" .. project .. "/locations/" .. location .. "/jobs/" .. job
  end
  return "projects/" .. project .. "/locations/" .. location
end

local function check(project, location, job)
  if not project:find(PROJECT) then
    return ("project '%s' may hold letters, digits, '-', ':' and '.'"):format(cut(project))
  elseif not location:find(LOCATION) then
    return ("location '%s' may hold letters, digits and '-'"):format(cut(location))
  elseif not job then
    return nil
  elseif #job > MAX_JOB then
    return ("the job's id has %d characters, at most %d are allowed"):format(#job, MAX_JOB)
  elseif not job:find(JOB) then
    return ("the job's id '%s' may hold letters, digits, '-' and '_'"):format(cut(job))
  end
end

---Take a full job name apart.
---@param text string
---@return mooncron.api.Name?
---@return string? why one line
function M.parse(text)
  local project, location, job = text:match("^projects/([^/]+)/locations/([^/]+)/jobs/([^/]+)$")
  if not project then
    return nil, "must look like projects/P/locations/L/jobs/J"
  end
  local why = check(project, location, job)
  if why then
    return nil, why
  end
  return { project = project, location = location, job = job }
end

---Take the name of a location apart.
---@param text string
---@return mooncron.api.Name?
---@return string? why
function M.parse_location(text)
  local project, location = text:match("^projects/([^/]+)/locations/([^/]+)$")
  if not project then
    return nil, "must look like projects/P/locations/L"
  end
  local why = check(project, location)
  if why then
    return nil, why
  end
  return { project = project, location = location }
end

---The name of the location that holds a job.
---@param text string a full job name
---@return string?
function M.parent(text)
  local length = parent_length(text)
  if length then
    return text:sub(1, length)
  end
  return text:match("^(projects/[^/]+/locations/[^/]+)/jobs/[^/]+$")
end

---The last segment: the short id.
---@param text string
---@return string
function M.id(text)
  return text:match("^.*/(.*)$") or text -- "[^/]*$" would try each place in the text
end

---Complete a short id (`J`, `L/J`, `P/L/J`, as Terraform's import ids) to a full name.
---@param text string
---@param default {project: string?, location: string?}
---@return string? name
---@return string? why
function M.resolve(text, default)
  if parent_length(text) then
    return text
  elseif text:find("^projects/") then
    local parsed, why = M.parse(text)
    return parsed and text, why
  end
  if default.project and default.location and not text:find("/", 1, true) then
    local name = M.format(default.project, default.location, text)
    if parent_length(name) then
      return name
    end
  end
  local parts = {}
  for part in (text .. "/"):gmatch("([^/]*)/") do
    parts[#parts + 1] = part
  end
  if #parts > 3 then
    return nil, "must be J, L/J, P/L/J or projects/P/locations/L/jobs/J"
  end
  local job = parts[#parts]
  local location = parts[#parts - 1] or default.location
  local project = parts[#parts - 2] or default.project
  if not project or not location then
    return nil, ("which %s '%s' is in is not known"):format(
      project and "location" or "project", text
    )
  end
  local why = check(project, location, job)
  if why then
    return nil, why
  end
  return M.format(project, location, job)
end

return M
