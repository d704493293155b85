---One call of the API through a backend: path and value in, decoded answer out.

local err <const> = require "mooncron.err"
local errors <const> = require "mooncron.api.errors"
local http <const> = require "mooncron.http"
local json <const> = require "mooncron.json"
local pager <const> = require "mooncron.client.pager"
local problem <const> = require "mooncron.problem"
local schema <const> = require "mooncron.schema"

local M = {}

---@class mooncron.CallOptions
---@field timeout number? seconds for the call with all its retries

---@class mooncron.client.Call
---@field rpc string the method's name, as `create_job`: it decides on retries and quota
---@field method string of HTTP
---@field path string below the version
---@field query table<string, any>?
---@field value table? the body, for JSON
---@field body string? the same as text
---@field job string? full name of the job that is changed: one change at a time

---Make a call. Waits.
---@param backend table
---@param call mooncron.client.Call
---@param options mooncron.CallOptions?
---@return table? answer decoded JSON
---@return mooncron.Err?
function M.make(backend, call, options)
  local query = call.query and next(call.query) and "?" .. http.query(call.query) or ""
  local body = call.body or call.value and json.encode(call.value) or ""
  local response, e = backend:send {
    rpc = call.rpc,
    method = call.method,
    target = "/v1/" .. call.path .. query,
    body = body,
    job = call.job,
    timeout = options and options.timeout,
  }
  if not response then
    return nil, e
  elseif response.status < 200 or response.status > 299 then
    return nil, errors.from_answer(response.status, response.body, response.headers)
  end
  local answer
  answer, e = json.decode(response.body)
  if type(answer) ~= "table" then
    local text = "the server's answer is not " .. (answer == nil and "JSON" or "an object")
    return nil, err.new("INTERNAL", text, { status = response.status, cause = e })
  end
  return answer
end

local LENIENT <const> = { form = "json", root = "answer", lenient = true }

---An answer as a message of the API, in canonical form.
---@param message table of mooncron.schema
---@param answer table?
---@param e mooncron.Err?
---@return table?
---@return mooncron.Err?
function M.read(message, answer, e)
  if not answer then
    return nil, e
  end
  local value, problems = schema.read(message, answer, LENIENT)
  if not value then
    local wrong = problem.error(problems, { ours = true })
    return nil, err.new("INTERNAL", "the server's answer is not what the API promises", { cause = wrong })
  end
  return value
end

-- The items of a page, and the token of the next one.
local function read_page(list, answer)
  local items = {}
  for i, item in ipairs(type(answer[list.member]) == "table" and answer[list.member] or {}) do
    local value, e = M.read(list.message, item)
    if not value then
      return nil, e
    end
    items[i] = value
  end
  local token = answer.nextPageToken
  return items, type(token) == "string" and token or nil
end

---@class mooncron.client.List
---@field rpc string as of a call
---@field path string
---@field member string of the answer, as `jobs`
---@field message table what its items are
---@field page_size integer?
---@field filter string?

---A list of the API, page by page as it is asked for. Waits.
---@param backend table
---@param list mooncron.client.List
---@param options mooncron.CallOptions? of each page
---@return mooncron.Pager
function M.list(backend, list, options)
  return pager.new(function(token)
    local answer, e = M.make(backend, {
      rpc = list.rpc,
      method = "GET",
      path = list.path,
      query = { pageSize = list.page_size, pageToken = token, filter = list.filter },
    }, options)
    if not answer then
      return nil, e
    end
    return read_page(list, answer)
  end)
end

return M
