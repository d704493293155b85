---The Job resource: from JSON and from Lua tables to one canonical form, back to JSON, its rules
---and its defaults. The canonical form is that of `mooncron.schema`: the official clients'
---snake_case names, bytes as plain strings, enums by name, durations as the API's text, defaults
---absent. Everything here is pure; jobs given in are not changed.

local fields <const> = require "mooncron.api.fields"
local json <const> = require "mooncron.json"
local problem <const> = require "mooncron.problem"
local rules <const> = require "mooncron.api.rules"
local schema <const> = require "mooncron.schema"
local schema_write <const> = require "mooncron.schema_write"
local stored <const> = require "mooncron.api.stored"

---A job in canonical form. The messages inside have the fields of `mooncron.api.fields`.
---@class mooncron.Job
---@field name string?
---@field description string?
---@field pubsub_target table? topic_name, data, attributes
---@field app_engine_http_target table? http_method, app_engine_routing, relative_uri, headers, body
---@field http_target table? uri, http_method, headers, body, oauth_token | oidc_token
---@field user_update_time string? RFC 3339; this and the other times are the service's
---@field state "ENABLED"|"PAUSED"|"DISABLED"|"UPDATE_FAILED"|nil
---@field status table? code, message: how the last attempt ended
---@field schedule_time string?
---@field last_attempt_time string?
---@field retry_config table? retry_count, max_doublings and three durations
---@field schedule string?
---@field time_zone string?
---@field attempt_deadline string?
---@field satisfies_pzs boolean?

local M = {}

M.message = fields.job
M.order = fields.job.order
---Order of a jobs.list answer, for `json.pretty`.
M.list_order = fields.job_list.order

M.validate = rules.validate
M.normalise_stored = stored.normalise
M.error = problem.error

local FROM_JSON <const> = { form = "json", root = "job" }
local FROM_ANSWER <const> = { form = "json", root = "job", lenient = true }
local FROM_LUA <const> = { form = "lua", root = "job" }

---Read a decoded JSON value. Keys in either spelling, enums by number or name, both base64
---alphabets, null = absent.
---@param value any
---`lenient` passes over what this version does not know: for answers of a server.
---@param opts {lenient: boolean?}?
---@return mooncron.Job? job
---@return mooncron.Problem[]? problems
function M.from_json(value, opts)
  return schema.read(fields.job, value, opts and opts.lenient and FROM_ANSWER or FROM_JSON)
end

---Read a job as a script writes it: bodies as strings or tables (sent as JSON), durations as text
---or seconds, enums in any case. A canonical job comes out equal.
---@param value table
---@return mooncron.Job? job
---@return mooncron.Problem[]? problems
---@return table? readable beside problems: what could be read all the same
function M.from_lua(value)
  return schema.read(fields.job, value, FROM_LUA)
end

---Write a job as a table for JSON (`json.pretty(value, job.order)` prints it as the service does).
---@param job mooncron.Job
---@param opts {int_enums: boolean?}?
---@return table
function M.to_json(job, opts)
  return schema_write.write(fields.job, job, opts and opts.int_enums)
end

---Write a job as JSON text, compact or as the service prints it.
---@param job mooncron.Job
---@param opts {pretty: boolean?, int_enums: boolean?}?
---@return string
function M.to_text(job, opts)
  return schema_write.text(fields.job, job, opts)
end

---Write a page of a list as a table for JSON, or as text.
---@param page { jobs: mooncron.Job[], next_page_token: string? }
---@param opts {int_enums: boolean?}?
---@return table
function M.list_to_json(page, opts)
  return schema_write.write(fields.job_list, page, opts and opts.int_enums)
end

---@param page { jobs: mooncron.Job[], next_page_token: string? }
---@param opts {pretty: boolean?, int_enums: boolean?}?
---@return string
function M.list_to_text(page, opts)
  return schema_write.text(fields.job_list, page, opts)
end

---Without the fields that only the service sets: what counts of the body of a create or patch.
---@param job mooncron.Job
---@return table
function M.strip_output(job)
  return schema_write.without_output(fields.job, job)
end

-- What the official Node client sends for a job that has nothing but a name, as in a patch that only
-- clears [rec].
local EMPTY_JOB <const> = '""'

---Decode a request's body, or another text that `from_json` reads, and read it.
---@param text string
---@param opts {lenient: boolean?}?
---@return mooncron.Job? job
---@return mooncron.Err? err
function M.decode(text, opts)
  if text == EMPTY_JOB then
    return {}
  end
  local value, e = json.decode(text)
  if value == nil then
    return nil, e
  end
  local job, problems = M.from_json(value, opts)
  if not job then
    return nil, M.error(problems)
  end
  return job
end

return M
