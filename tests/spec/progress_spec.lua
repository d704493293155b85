local progress = require "mooncron.progress"

describe("progress", function()
  for _, row in ipairs {
    { { label = "create", done = 0, total = 10, elapsed_ms = 1000 }, 80, false, "create 0/10 0%, 1s" },
    { { label = "create", done = 5, total = 10, elapsed_ms = 75000 }, 80, false,
      "create 5/10 50%, 1m15s, 1m15s left" },
    { { label = "create", done = 10, total = 10, elapsed_ms = 3661000, failed = 2 }, 80, false,
      "create 10/10 100%, 2 failed, 1h01m" },
    { { label = "list", done = 7, elapsed_ms = 0 }, 80, true, "list 7, 0s" },
    { { label = "none", done = 0, total = 0, elapsed_ms = 0 }, 80, true, "none 0/0, 0s" },
    { { label = "c", done = 5, total = 10, elapsed_ms = 1000 }, 40, true,
      "[########         ] c 5/10 50%, 1s, 1s left" },
    { { label = "c", done = 5, total = 10, elapsed_ms = 1000 }, 25, true, "c 5/10 50%, 1s, 1s left" },
    { { label = "c", done = 5, total = 10, elapsed_ms = 1000 }, 8, true, "c 5/10 5" },
    { { label = "c", done = 20, total = 10, elapsed_ms = 1000 }, 80, false, "c 20/10 100%, 1s" },
  } do
    it("renders " .. row[4], function()
      local text = progress.render(row[1], row[2], row[3])
      assert.is_true(#text <= row[2])
      if row[3] and row[4]:find("[", 1, true) then
        assert.matches("^%[#+ +%] c 5/10 50%%, 1s, 1s left$", text)
      else
        assert.equal(row[4], text)
      end
    end)
  end

  -- Runs steps at the given times; returns all that was written.
  local function run(options, times)
    local written, now = {}, 0
    options.label, options.total, options.columns = "c", 10, 20
    options.now_ms = function()
      return now
    end
    options.stream = {
      write = function(_, text)
        written[#written + 1] = text
      end,
      flush = function() end,
    }
    local bar = progress.new(options)
    for _, at in ipairs(times) do
      now = at
      bar:step()
    end
    bar:close()
    bar:close()
    return written
  end

  it("says nothing within the first second", function()
    assert.same({}, run({ is_terminal = true }, { 0, 500, 999 }))
  end)

  it("draws over the line on a terminal, not too often, and wipes it", function()
    assert.same({
      "\rc 2/10 20%, 1s, 4s \27[K",
      "\rc 4/10 40%, 1s, 1s \27[K",
      "\r\27[K",
    }, run({ is_terminal = true }, { 500, 1000, 1050, 1100 }))
  end)

  it("writes a line now and then elsewhere, and a last one", function()
    assert.same({
      "c 1/10 10%, 1s, 9s \n",
      "c 3/10 30%, 11s, 25\n",
      "c 3/10 30%, 11s, 25\n",
    }, run({ is_terminal = false }, { 1000, 5000, 11000 }))
  end)

  it("is silent when quiet", function()
    assert.same({}, run({ is_terminal = true, quiet = true }, { 5000, 50000 }))
  end)
end)
