---Retries: which failures are worth another try, after how long, until when. The arithmetic is the
---core's; this file has the policies and the waiting.

local core <const> = require "mooncron.core"
local err <const> = require "mooncron.err"
local task <const> = require "mooncron.task"

local M = {}

---@class mooncron.retry.Policy
---@field codes string[] canonical words that are worth another try
---@field initial number? seconds before the second attempt, default 0.1
---@field multiplier number? each wait is so many times the one before, default 1.3
---@field max number? longest wait in seconds, default 60
---@field total number? seconds after which no further attempt begins, default 600
---@field jitter number? up to so much of a wait is left out by chance, 0 to 1, default 1
---@field busy_mutations boolean? also 409 ABORTED "sync mutate calls cannot be queued"

---What Google's clients do for each kind of method, and RESOURCE_EXHAUSTED beside it: a call that
---the quota refused was not made, so making it again is safe even for a create.
M.read = { codes = { "DEADLINE_EXCEEDED", "UNAVAILABLE", "RESOURCE_EXHAUSTED" } }
M.delete = { codes = { "DEADLINE_EXCEEDED", "UNAVAILABLE", "RESOURCE_EXHAUSTED" }, busy_mutations = true }
M.mutate = { codes = { "RESOURCE_EXHAUSTED" }, busy_mutations = true }
M.never = { codes = {} }

---Where time and chance come from; a test brings its own.
M.clock = {
  sleep = task.sleep,
  mono_ms = core.loop.mono_ms,
  wall_ms = core.loop.wall_ms,
  random = math.random,
}

local function ms(seconds, default)
  return math.tointeger((seconds or default) * 1000 // 1)
end

local function percent(share, default)
  return math.tointeger(((share or default) * 100 + 0.5) // 1)
end

---What the server asked for, in ms, or nil. `e.retry_after` is the header's text.
---@param e mooncron.Err
---@param clock table?
---@return integer?
function M.asked_ms(e, clock)
  return e.retry_after and core.net.retry_after(e.retry_after, (clock or M.clock).wall_ms()) or nil
end

---Milliseconds until the next attempt, or nil: give up.
---@param policy mooncron.retry.Policy
---@param e mooncron.Err
---@param attempts integer made so far
---@param elapsed_ms integer since the first one began
---@param clock table?
---@return integer?
function M.wait_ms(policy, e, attempts, elapsed_ms, clock)
  clock = clock or M.clock
  return core.net.retry_wait({
    initial_ms = ms(policy.initial, 0.1),
    max_ms = ms(policy.max, 60),
    total_ms = ms(policy.total, 600),
    multiplier_pct = percent(policy.multiplier, 1.3),
    jitter_pct = percent(policy.jitter, 1),
    busy_mutations = policy.busy_mutations,
  }, policy.codes, e.code, {
    message = e.message,
    attempts = attempts,
    elapsed_ms = elapsed_ms,
    retry_after_ms = M.asked_ms(e, clock),
  }, clock.random())
end

---Call `fn(...)` until it returns something else than `nil, err`, or the policy gives up. Waits
---between the attempts; what `fn` raises is not caught.
---@param policy mooncron.retry.Policy
---@param fn fun(...): any
---@return any ... results of the last attempt
function M.call(policy, fn, ...)
  local clock = M.clock
  local start_ms, attempts = clock.mono_ms(), 0
  while true do
    attempts = attempts + 1
    local results = table.pack(fn(...))
    local e = results[2]
    local wait_ms = results[1] == nil and err.is(e) and
      M.wait_ms(policy, e, attempts, clock.mono_ms() - start_ms, clock)
    if not wait_ms then
      return table.unpack(results, 1, results.n)
    end
    clock.sleep(wait_ms / 1000)
  end
end

return M
