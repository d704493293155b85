-- The scheduler as a whole: its clock, its end, and mistakes.

local scheduling = require "support.scheduling"

describe("scheduler", function()
  it("moves time forward only", function()
    local s = scheduling.open()
    assert.has_error(function()
      s:advance(-1)
    end, "time only moves forward: -1")
    local ok, e = pcall(s.advance, s, "1x")
    assert.is_false(ok)
    assert.equal("INVALID_ARGUMENT", e.code)
    assert.equal(0, s:advance(0))
    assert.equal(0, s:advance "1d")
    assert.equal(scheduling.START_MS + 86400000, s:now_ms())
    s:close()
  end)

  it("lets go of the clock when advancing fails", function()
    local s = scheduling.open()
    s.store.next_due_ms = function()
      error("a mistake", 0)
    end
    assert.has_error(function()
      s:advance "1h"
    end, "a mistake")
    assert.is_nil(s.clock.held_ms)
    s:close()
  end)

  it("answers that it is closed", function()
    local s = scheduling.open()
    s:close()
    s:close()
    local answer
    s:handle({ method = "GET", target = "/v1/projects/p/locations/l/jobs", body = "" }, function(response)
      answer = response
    end)
    assert.equal(400, answer.status)
    assert.matches("the scheduler is closed", answer.body)
  end)

  it("answers a mistake of ours, and undoes what is half done", function()
    local s = scheduling.open()
    local real = s.jobs.view
    s.jobs.view = function()
      error("a mistake")
    end
    local answer
    s:handle({
      method = "POST",
      target = "/v1/projects/p/locations/l/jobs",
      body = '{"schedule":"* * * * *","httpTarget":{"uri":"http://h/"}}',
    }, function(response)
      answer = response
    end)
    s.store:durable()
    assert.equal(500, answer.status)
    s.jobs.view = real
    assert.same({}, s.jobs:list("projects/p/locations/l", nil, 10))
    s:close()
  end)

  local FOLDERS <const> = {
    { { XDG_DATA_HOME = "/x", HOME = "/h" }, "/x/mooncron" },
    { { XDG_DATA_HOME = "", HOME = "/h" }, "/h/.local/share/mooncron" },
    { { HOME = "/h" }, "/h/.local/share/mooncron" },
  }
  for i, row in ipairs(FOLDERS) do
    it(("keeps its data by XDG (%d)"):format(i), function()
      assert.equal(row[2], require("mooncron.scheduler").default_folder(function(name)
        return row[1][name]
      end))
    end)
  end

  it("says how to name a folder when nothing does", function()
    local folder, e = require("mooncron.scheduler").default_folder(function() end)
    assert.is_nil(folder)
    assert.matches("XDG_DATA_HOME", e.message)
  end)
end)
