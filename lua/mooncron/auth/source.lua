---Drives the core's token machine: it says what to do next, this file does it and waits.

local err <const> = require "mooncron.err"

local M = {}

M.BACK_OFF_S = 1 -- doubled after each try
M.JITTER = 0.1

local perform = {}

local function no_answer(step, e)
  local host = step.url:match("^%a+://([^/?]+)")
  return err.new(e.code or "UNAVAILABLE", step.purpose .. ": no answer from " .. host, {
    cause = e,
    retryable = e.code == "DEADLINE_EXCEEDED", -- a refused connection stays refused
  })
end

local function attempt(request, step, world)
  local tls
  if step.ca_bundle or step.certificate then
    tls = { ca_bundle = step.ca_bundle, certificate = step.certificate, key = step.key }
  end
  local response, e = world.http({
    method = step.method,
    url = step.url,
    headers = step.headers,
    body = step.body,
    timeout = step.timeout_ms / 1000,
    max_body = M.MAX_ANSWER,
  }, tls)
  if not response then
    return nil, no_answer(step, e)
  end
  local headers = {}
  for _, name in ipairs { "date", "metadata-flavor" } do
    headers[name] = response.headers and response.headers[name]
  end
  return request:answer(response.status, response.body or "", headers)
end

M.MAX_ANSWER = 262144

function perform.http(request, step, world)
  local pause = M.BACK_OFF_S
  for try = 1, step.tries do
    local ok, e = attempt(request, step, world)
    if ok then
      return true
    end
    if not e.retryable or try == step.tries then
      return nil, e
    end
    world.sleep(pause * (1 - M.JITTER + 2 * M.JITTER * world.random()))
    pause = pause * 2
    step, e = request:step(world.now()) -- signed anew, by the clock as it is now
    if not step then
      return nil, e
    end
  end
end

function perform.file(request, step, world)
  local text = world.read_file(step.path)
  if text then
    return request:answer(0, text)
  end
  return request:answer(nil)
end

function perform.run(request, step, world)
  local result, e = world.run { argv = step.argv, env = step.env, timeout_ms = step.timeout_ms }
  if not result and e.code == "DEADLINE_EXCEEDED" then
    return nil, err.new(e.code, ("%s: it has not ended after %g s: see executable.timeout_millis"):format(
      step.purpose, step.timeout_ms / 1000))
  elseif not result then
    return nil, err.new(e.code, step.purpose, { cause = e })
  end
  return request:answer(result.code, result.output)
end

---Go all the way to a token. Waits.
---@param request any of `credential:request`
---@param world mooncron.auth.World
---@return string? token
---@return integer|mooncron.Err|nil expires seconds since the epoch, 0 when not known
function M.fetch(request, world)
  while true do
    local step, e = request:step(world.now())
    if not step then
      return nil, e
    end
    if step.kind == "done" then
      return step.token, step.expires
    end
    local ok, failure = perform[step.kind](request, step, world)
    if not ok then
      return nil, failure
    end
  end
end

return M
