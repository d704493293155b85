---The API's own form, as a `jobs.list` answer.

local job_api <const> = require "mooncron.api.job"
local json <const> = require "mooncron.json"

---@param jobs mooncron.Job[]
---@return string text
---@return mooncron.port.Note[] notes
return function(jobs)
  local list = json.list()
  for i, job in ipairs(jobs) do
    list[i] = job_api.to_json(job)
  end
  return json.pretty({ jobs = list }, job_api.list_order), {}
end
