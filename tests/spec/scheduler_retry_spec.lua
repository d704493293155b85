local retry = require "mooncron.scheduler.retry"

-- Starts of the attempts of an execution that always fails at once, in ms after the first one.
local function chain(config, mode, most)
  local policy = retry.policy(config)
  local state = { failures = 0, first_ms = 1000000 }
  local starts, now_ms = { 0 }, state.first_ms
  while #starts < (most or 20) do
    state.failures = state.failures + 1
    now_ms = retry.next_ms(policy, state, now_ms, mode)
    if not now_ms then
      break
    end
    starts[#starts + 1] = now_ms - state.first_ms
  end
  return starts
end

local function gaps(config, mode, most)
  local starts, out = chain(config, mode, most), {}
  for i = 2, #starts do
    out[#out + 1] = (starts[i] - starts[i - 1]) / 1000
  end
  return out
end

local function config(min, max, doublings, count, window)
  return {
    min_backoff_duration = min, max_backoff_duration = max, max_doublings = doublings, retry_count = count,
    max_retry_duration = window,
  }
end

describe("scheduler.retry", function()
  -- The recordings add the time of the attempt, about half a second, to each gap.
  local ROWS <const> = {
    { "recorded", config("4s", "100s", 1, 5), { 4, 8, 10, 12, 14 },
      "recorded: one doubling, then 2 s a step" },
    { "documented", config("4s", "100s", 1, 5), { 4, 8, 16, 24, 32 },
      "the reference: then min * 2^1 a step" },
    { "recorded", config("2s", nil, 3, 5), { 2, 4, 8, 16, 18 }, "recorded: three doublings" },
    { "documented", config("2s", nil, 3, 5), { 2, 4, 8, 16, 32 }, "the reference: 16 more a step" },
    { "recorded", config("4s", "50s", 2, 4), { 4, 8, 16, 18 }, "recorded: two doublings, four retries" },
    { "documented", config("4s", "50s", 2, 4), { 4, 8, 16, 32 }, "the reference of the same" },
    { "recorded", config("3s", nil, 5, 5), { 3, 6, 12, 24, 48 }, "recorded: no doublings are stored as 5" },
    { "recorded", config("4s", "10s", nil, 0, "30s"), { 4, 8, 10 }, "recorded: a window alone, cut to max" },
    { "recorded", config(nil, nil, nil, 5), { 5, 10, 20, 40, 80 }, "recorded: the defaults" },
    { "documented", config("10s", "300s", 3, 0, "2050s"), { 10, 20, 40, 80, 160, 240, 300, 300, 300, 300,
      300 },
      "the reference's own example" },
    { "recorded", config("10s", "7s", 3, 2), { 7, 7 }, "max below min" },
    { "recorded", config("0s", "0s", 5, 2), { 5, 10 }, "zero means the default [rec]" },
    { "recorded", nil, {}, "no retry_config: one attempt" },
    { "recorded", {}, {}, "an empty one: one attempt" },
    { "recorded", config(nil, nil, nil, nil, "0s"), {}, "no count and no window: one attempt" },
  }
  for _, row in ipairs(ROWS) do
    it(row[4] .. " (" .. row[1] .. ")", function()
      assert.same(row[3], gaps(row[2], row[1]))
    end)
  end

  it("stops only when count and duration are both used up", function()
    assert.same({ 0, 4000, 12000, 22000 }, chain(config("4s", "10s", nil, 3, "20s"), "recorded"),
      "recorded: three retries, a window of 20 s, the fourth attempt at 24 s")
    assert.same({ 0, 5000, 15000 }, chain(config("5s", nil, nil, 1, "16s"), "recorded"),
      "the window lasts longer")
  end)

  it("makes no retry that would start after the window", function()
    assert.same({ 0, 10000 }, chain(config("10s", nil, nil, 0, "10s"), "recorded"),
      "its last instant is in it")
    assert.same({ 0 }, chain(config("11s", nil, nil, 0, "10s"), "recorded"))
  end)

  it("counts the gap from the end of the attempt", function()
    local policy = retry.policy(config("4s", nil, nil, 5))
    assert.equal(70000 + 4000, retry.next_ms(policy, { failures = 1, first_ms = 10000 }, 70000, "recorded"))
  end)

  it("gives the first gap when no failure counts", function()
    local policy = retry.policy(config("4s", nil, nil, 5))
    assert.equal(4000, retry.next_ms(policy, { failures = 0, first_ms = 0 }, 0, "recorded"))
  end)

  local EXTREMES <const> = {
    { config("9223372035s", "9223372035s", 60, 5), 40, 9223372035000, "the longest durations" },
    { config("1s", "9223372035s", 2000000000, 0), 2000000001, 9223372035000,
      "more doublings than an integer has bits" },
    { config("1s", "9223372035s", 2000000000, 0), 2000000002, 9223372035000, "and a step beyond them" },
    { config("9223372035s", "9223372035s", 1, 0), math.maxinteger, 9223372035000,
      "the largest retry number" },
    { config("0.001s", "9223372035s", 31, 0), 31, 2147483648, "a millisecond, doubled 31 times" },
    { config("0.0001s", "3600s", 5, 0), 0, 5000, "less than a millisecond is nothing: the default" },
  }
  for _, row in ipairs(EXTREMES) do
    it("does not overflow: " .. row[4], function()
      for _, mode in ipairs { "recorded", "documented" } do
        local gap = retry.gap_ms(retry.policy(row[1]), row[2], mode)
        assert.equal("integer", math.type(gap))
        assert.equal(row[3], gap)
      end
    end)
  end

  it("never shrinks a gap", function()
    for _, mode in ipairs { "recorded", "documented" } do
      for doublings = 1, 8 do
        local policy, last = retry.policy(config("3s", "5000s", doublings, 5)), 0
        for k = 0, 60 do
          local gap = retry.gap_ms(policy, k, mode)
          assert.is_true(gap >= last and gap <= 5000000)
          last = gap
        end
      end
    end
  end)
end)
