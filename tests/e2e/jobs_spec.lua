-- `mooncron jobs` and `mooncron locations` beside what gcloud was recorded answering to the same
-- invocations. With gcloud on PATH, `make conformance-gcloud` runs it again.

package.path = "tests/conformance/gcloud/?.lua;" .. package.path

local cases <const> = require "cases"
local json <const> = require "mooncron.json"
local replay <const> = require "replay"

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

local recorded <const> = assert(json.decode(read "tests/conformance/gcloud/recorded.json"))

describe("as gcloud was recorded,", function()
  local server

  setup(function()
    server = replay.server()
  end)

  teardown(function()
    server.stop()
  end)

  it("there are at least 60 invocations, each of them recorded", function()
    assert.is_true(#cases >= 60)
    for i, case in ipairs(cases) do
      assert.equal(case[1], recorded[i].args, "run make record-gcloud")
    end
    assert.equal(#cases, #recorded)
  end)

  for i, case in ipairs(cases) do
    it(("%s: %s"):format(case.why, case[1]), function()
      local want, said = recorded[i].said, replay.run(server, replay.mooncron, case[1])
      want.code = want.code and math.tointeger(want.code)
      assert.same(want, replay.essence(case, said))
      assert.is_true(not case.differs or said.code == 0, said.err)
    end)
  end
end)
