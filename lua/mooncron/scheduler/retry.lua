---When a failed attempt is tried again: pure functions of the retryConfig.

local duration <const> = require "mooncron.duration"

local M = {}

---@class mooncron.scheduler.RetryPolicy
---@field count integer retries after the first attempt
---@field limit_ms integer no retry starts later than this after the first attempt; 0: no such limit
---@field min_ms integer
---@field max_ms integer
---@field doublings integer

-- Defaults of RetryConfig [ref]; a job without one behaves as one with them [rec].
local DEFAULTS <const> = { count = 0, limit_ms = 0, min_ms = 5000, max_ms = 3600000, doublings = 5 }

---@param config table? canonical retry_config of a job
---@return mooncron.scheduler.RetryPolicy
function M.policy(config)
  if not config then
    return DEFAULTS
  end
  local function ms(text, default)
    local value = text and duration.to_ms(text) or 0
    return value > 0 and value or default
  end
  return {
    count = config.retry_count or DEFAULTS.count,
    limit_ms = ms(config.max_retry_duration, 0),
    min_ms = ms(config.min_backoff_duration, DEFAULTS.min_ms),
    max_ms = ms(config.max_backoff_duration, DEFAULTS.max_ms),
    doublings = config.max_doublings or DEFAULTS.doublings,
  }
end

-- `min_ms` doubled `n` times, at most `max_ms`: no instant is so far away that this overflows.
local function doubled_ms(policy, n)
  local gap_ms = policy.min_ms
  while n > 0 and gap_ms < policy.max_ms do
    gap_ms, n = gap_ms * 2, n - 1
  end
  return math.min(gap_ms, policy.max_ms)
end

-- What the gap grows by after the doublings: by 2 s in production [rec], by min * 2^doublings in
-- the reference [ref].
local steps <const> = {
  recorded = function()
    return 2000
  end,
  documented = function(policy)
    return doubled_ms(policy, policy.doublings)
  end,
}

---The gap before retry number `k` (0 is the first), from the end of the failed attempt.
---@param policy mooncron.scheduler.RetryPolicy
---@param k integer
---@param mode "recorded"|"documented"
---@return integer ms
function M.gap_ms(policy, k, mode)
  local gap_ms = doubled_ms(policy, math.min(k, policy.doublings))
  local linear = math.max(k - policy.doublings, 0)
  if linear == 0 then
    return gap_ms
  end
  local step_ms = steps[mode](policy)
  local room = (policy.max_ms - gap_ms) // step_ms -- whole steps below the maximum
  return linear > room and policy.max_ms or gap_ms + linear * step_ms
end

---When to try again after an attempt that failed. With a count and a duration, retrying stops only
---when both are used up [ref][rec]; a retry that would start after the duration is not made [rec].
---@param policy mooncron.scheduler.RetryPolicy
---@param state { failures: integer, first_ms: integer } counted failures so far, start of the first attempt
---@param now_ms integer the end of the failed attempt
---@param mode "recorded"|"documented"
---@return integer? ms the instant of the next attempt, nil: give up
function M.next_ms(policy, state, now_ms, mode)
  local at_ms = now_ms + M.gap_ms(policy, math.max(state.failures - 1, 0), mode)
  local by_count = state.failures <= policy.count
  local by_time = policy.limit_ms > 0 and at_ms - state.first_ms <= policy.limit_ms
  if by_count or by_time then
    return at_ms
  end
end

return M
