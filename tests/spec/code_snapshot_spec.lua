-- Pauses with a snapshot: what is resumed is what was paused, even when it was cut off.
local live = require "mooncron.code.live"
local snapshot = require "mooncron.code.snapshot"
local support = require "support.jobfiles"
local time = require("mooncron.core").time

local PARENT <const> = "projects/p/locations/l"

local function setup(ids)
  local client = support.client()
  for _, id in ipairs(ids) do
    assert(client:create_job { name = id, schedule = "0 3 * * *", http_target = { uri = "http://h/" } })
  end
  local path = os.tmpname()
  os.remove(path)
  return client, path
end

local function states(client)
  local list = {}
  for _, job in ipairs(assert(live.read(client, { PARENT }))) do
    list[#list + 1] = job.name:match("[^/]+$") .. " " .. job.state
  end
  return list
end

local function enabled(client)
  local list, by_name = {}, {}
  for _, job in ipairs(assert(live.read(client, { PARENT }))) do
    list[#list + 1] = job.state == "ENABLED" and job or nil
    by_name[job.name] = job
  end
  return list, by_name
end

local function pause(client, on, path)
  return snapshot.pause(on, (enabled(client)), { path = path, note = "n", at = time.format(client:now_ms()),
    parallel = 1 })
end

local function restore(client, path)
  local _, by_name = enabled(client)
  return snapshot.restore(client, path, by_name, {})
end

describe("restore", function()
  it("resumes what was paused, and not what was paused before", function()
    local client <close>, path = setup { "a", "b", "c" }
    client:pause_job("b")
    assert.same({ 2, {} }, { pause(client, client, path).done, {} })
    assert.same({ "a PAUSED", "b PAUSED", "c PAUSED" }, states(client))
    local out = assert(restore(client, path))
    assert.same({ 2, {} }, { out.done, out.left })
    assert.same({ "a ENABLED", "b PAUSED", "c ENABLED" }, states(client))
    assert.is_nil(io.open(path))
  end)

  it("leaves alone what is gone or runs already, and says so", function()
    local client <close>, path = setup { "a", "b", "c" }
    pause(client, client, path)
    client:delete_job("a")
    client:resume_job("b")
    local out = assert(restore(client, path))
    assert.same({ 1, "is not there any more", "runs already" }, { out.done, out.left[1].why,
      out.left[2].why })
  end)

  it("knows what a pause did that was killed", function()
    for n = 1, 3 do
      for _, moment in ipairs { "before", "after" } do
        local client <close>, path = setup { "a", "b", "c" }
        local faulty = support.faulty(client, function(call)
          return call == n and moment or nil
        end)
        assert.is_false(pcall(pause, client, faulty, path))
        assert(restore(client, path))
        assert.same({ "a ENABLED", "b ENABLED", "c ENABLED" }, states(client), n .. moment)
      end
    end
  end)

  it("adds a second pause with the same note to the first", function()
    local client <close>, path = setup { "a", "b" }
    client:pause_job("b")
    pause(client, client, path)
    client:resume_job("b")
    pause(client, client, path)
    assert.equal(2, restore(client, path).done)
    assert.same({ "a ENABLED", "b ENABLED" }, states(client))
  end)

  it("keeps the snapshot while something fails", function()
    local client <close>, path = setup { "a", "b" }
    pause(client, client, path)
    local _, by_name = enabled(client)
    local faulty = support.faulty(client, function(n)
      return n == 1 and { code = "PERMISSION_DENIED" } or nil
    end)
    local out = assert(snapshot.restore(faulty, path, by_name, {}))
    assert.same({ 1, 1 }, { out.done, #out.failed })
    assert.same({ 1, {} }, { restore(client, path).done, {} })
  end)

  it("takes no other file", function()
    local path = os.tmpname()
    local out, e = snapshot.read(path)
    os.remove(path)
    assert.same({ nil, "INVALID_ARGUMENT" }, { out, e.code })
    assert.equal("NOT_FOUND", select(2, snapshot.read(path)).code)
  end)
end)

describe("a pattern", function()
  it("fits ids, with * and ?, or whole names with a slash in it", function()
    local rows = {
      { "a-*", "a-b", true }, { "a-*", "xa-b", false }, { "a.b", "axb", false }, { "?", "a", true },
        { "?", "ab", false },
      { "*", "anything", true }, { "projects/p/*/a", "a", true }, { "a-b%", "a-b%", true },
    }
    for _, row in ipairs(rows) do
      assert.equal(row[3], live.matcher(row[1])(PARENT .. "/jobs/" .. row[2]), row[1] .. " " .. row[2])
    end
  end)
end)
