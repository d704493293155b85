---How a request gets to its target, and what came of that.

local core <const> = require "mooncron.core"
local http <const> = require "mooncron.http"
local outcome <const> = require "mooncron.scheduler.outcome"
local task <const> = require "mooncron.task"

local M = {}

---@class mooncron.scheduler.Transport
local Transport = { __name = "mooncron.scheduler.Transport" }
Transport.__index = Transport

local MAX_ANSWER <const> = 1 << 20 -- bytes of a target's answer that are read
local KEPT_ANSWER <const> = 1024 -- bytes of it that are kept
local MAX_REDIRECTS <const> = 10 -- the service's limit is not known [ours]

---@return mooncron.scheduler.Transport
function M.new()
  return setmetatable({
    client = assert(core.net.client(task.loop(), { no_proxy = "localhost,127.0.0.1,::1" })),
  }, Transport)
end

---Send a request and wait for its end.
---@param request table of mooncron.scheduler.target
---@return mooncron.scheduler.Outcome
---@return string answer its first bytes
---@return integer latency_us
function Transport:send(request)
  local id, e = self.client:send({
    method = request.method,
    url = request.url,
    body = request.body,
    timeout_ms = request.timeout_ms,
    max_body = MAX_ANSWER,
    max_redirects = MAX_REDIRECTS,
    http1 = true,
  }, http.flat_headers(request.headers))
  if not id then
    return outcome.of_refusal(e), "", 0
  end
  local response = task.await(id)
  local answer = response.body:sub(1, KEPT_ANSWER)
  -- An answer too large to read is still an answer: its status counts.
  local too_large = response.err and response.err.code == "RESOURCE_EXHAUSTED" and response.status > 0
  if response.err and not too_large then
    return outcome.of_error(response.err), answer, response.total_us
  end
  return outcome.of_status(response.status), answer, response.total_us
end

function Transport:close()
  self.client:close()
end

return M
