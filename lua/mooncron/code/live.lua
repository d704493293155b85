---The live state: the jobs of some locations, read by list, 500 a page.

local names <const> = require "mooncron.api.name"
local task <const> = require "mooncron.task"

local M = {}

local PAGE_SIZE <const> = 500
local MOST_AT_ONCE <const> = 8

local function list(client, parent)
  local jobs = {}
  local ok, failure = pcall(function()
    for job in client:list_jobs { parent = parent, page_size = PAGE_SIZE } do
      jobs[#jobs + 1] = job
    end
  end)
  if not ok then
    if require("mooncron.err").is(failure) and failure.code ~= "CANCELLED" then
      return nil, failure
    end
    error(failure, 0)
  end
  return jobs
end

-- What a job has beside the API's fields goes with it as `exceptions`.
local function add_exceptions(client, jobs)
  local by_name, e = client:exceptions()
  if not by_name then
    return nil, e
  end
  for _, job in ipairs(jobs) do
    job.exceptions = by_name[job.name]
  end
  return jobs
end

---All jobs of the locations, those of a location by name. Waits.
---@param client mooncron.Client
---@param parents string[]
---@return mooncron.Job[]?
---@return mooncron.Err?
function M.read(client, parents)
  local pages, e = task.map(parents, { limit = MOST_AT_ONCE }, function(parent)
    return list(client, parent)
  end)
  if not pages then
    return nil, e
  end
  local jobs = {}
  for _, page in ipairs(pages) do
    table.sort(page, function(a, b)
      return a.name < b.name
    end)
    table.move(page, 1, #page, #jobs + 1, jobs)
  end
  if client.exceptions then
    return add_exceptions(client, jobs)
  end
  return jobs
end

---Whether an id fits a pattern: `*` any run of characters, `?` one, `{a,b}` is not known.
---@param pattern string
---@return fun(name: string): boolean
function M.matcher(pattern)
  local lua = "^" .. pattern:gsub("[%^%$%(%)%%%.%[%]%+%-]", "%%%0"):gsub("%*", ".*"):gsub("%?", ".") .. "$"
  local whole = pattern:find("/", 1, true)
  return function(name)
    return (whole and name or names.id(name)):find(lua) ~= nil
  end
end

return M
