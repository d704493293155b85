local err = require "mooncron.err"

describe("err", function()
  it("prints as one line with its code", function()
    assert.equal("NOT_FOUND: no such job", tostring(err.new("NOT_FOUND", "no such job")))
  end)

  it("concatenates like a string", function()
    local e = err.new("ABORTED", "busy", { cause = "locked" })
    assert.equal("x: ABORTED: busy: locked", "x: " .. e)
    assert.equal("ABORTED: busy: locked!", e .. "!")
  end)

  it("knows its own kind", function()
    assert.is_true(err.is(err.new("UNKNOWN", "?")))
    assert.is_false(err.is({ code = "UNKNOWN", message = "?" }))
    assert.is_false(err.is("UNKNOWN"))
  end)
end)
