---A command's client, and the same call for many jobs.

local connection <const> = require "mooncron.cli.connection"
local err <const> = require "mooncron.err"
local job_api <const> = require "mooncron.api.job"
local task <const> = require "mooncron.task"

local M = {}

---Connect as the options say. Waits.
---@param values table
---@return mooncron.Client
function M.open(values)
  values.location = values.location and values.location:match("[^/]*$")
  local client = connection.open(values)
  client.validate = false -- the service's own words, as gcloud has them
  return client
end

---What a call gave, or its error raised.
function M.must(value, e)
  if value == nil then
    error(e, 0)
  end
  return value
end

---A job as the API writes it.
---@param job mooncron.Job
---@return table
function M.record(job)
  return job_api.to_json(job)
end

---Print what a call gives, a message of the API.
---@param values table read options
---@param message table of mooncron.schema
---@param fn fun(client: mooncron.Client): table?, mooncron.Err?
function M.show(values, message, fn)
  local output = require "mooncron.cli.output"
  local query = output.query(values, "yaml")
  local client <close> = M.open(values)
  output.print_one(require("mooncron.schema_write").write(message, M.must(fn(client))), query)
end

---@class mooncron.cli.jobs.Outcome
---@field name string
---@field value any
---@field error mooncron.Err?

---Call `fn(name)` for each name, several at once; none stops the others. Waits.
---@param names string[]
---@param fn fun(name: string): any, mooncron.Err?
---@return mooncron.cli.jobs.Outcome[] in order
function M.each(names, fn)
  return M.must(task.map(names, { limit = 16 }, function(name)
    local value, e = fn(name)
    if value == nil and e.code == "CANCELLED" then
      return nil, e
    end
    return { name = name, value = value, error = value == nil and e or nil }
  end))
end

---Say what went wrong for which job, and raise a summary when something has.
---@param outcomes mooncron.cli.jobs.Outcome[]
---@param path string of the command
---@param done string "paused"
function M.summarise(outcomes, path, done)
  local failed = 0
  for _, outcome in ipairs(outcomes) do
    if outcome.error then
      failed = failed + 1
      local e = err.new(outcome.error.code, ("[%s] %s"):format(outcome.name, outcome.error:line()))
      require("mooncron.cli.tree").report(path, e)
    end
  end
  io.stderr:write(("%d jobs %s, %d failed\n"):format(#outcomes - failed, done, failed))
  return failed == 0 and 0 or 1
end

return M
