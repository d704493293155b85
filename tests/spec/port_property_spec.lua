---import(export(x)) == x, for jobs that cover every field.

local hcl_reader <const> = require "support.hcl"
local json <const> = require "mooncron.json"
local port <const> = require "mooncron.port"
local support <const> = require "support.port"

local HOME <const> = { project = "p-1", location = "us-central1" }
local SEEDS <const>, COUNT <const> = 15, 20

local READ <const> = {
  terraform = function(text)
    local state = { format_version = "1.0", values = { root_module = { resources = hcl_reader.read(text) } } }
    return port.read(json.encode(state), { format = "terraform" })
  end,
  lua = function(text)
    return support.load(text, HOME), {}
  end,
}

-- The fixtures with a few bytes changed by chance, the same ones every time.
local PIECES <const> = {
  "null", "[]", "{}", "[null]", "0", "true", "'", '"', "\\", "$(", "`", "\n", "%", "/ ", "\0", "\xff",
}
local FIXTURES <const> = {
  "user.crontab", "system.crontab", "gcloud-describe.json", "create.sh", "terraform.json", "cronjobs.json",
}
if support.has_yaml() then
  table.move({ "gcloud-list.yaml", "cronjobs.yaml" }, 1, 2, #FIXTURES + 1, FIXTURES)
end

local function damage(text, random)
  for _ = 1, random(4) do
    local at = random(#text)
    text = text:sub(1, at) .. PIECES[random(#PIECES)] .. text:sub(at + random(12))
  end
  return text
end

local function accept()
  return true
end

describe("a damaged text", function()
  for _, name in ipairs(FIXTURES) do
    it("is read or refused, never tripped over: " .. name, function()
      local text = support.fixture(name)
      local _, random = require("support.jobs").generator(5)
      for _ = 1, 150 do
        local damaged = damage(text, random)
        for _, format in ipairs(port.sources) do
          local options = {
            format = format, file = "f", project = "p", location = "l", check_schedule = accept,
          }
          local jobs, notes = port.read(damaged, options)
          assert.is_true(jobs ~= nil or require("mooncron.err").is(notes))
          for _, target in ipairs(port.targets) do
            assert.is_string((port.write(jobs or {}, target)))
          end
        end
      end
    end)
  end
end)

describe("what is exported", function()
  local make_list = require("support.jobs").list

  for _, format in ipairs { "json", "gcloud", "terraform", "lua" } do
    it("comes back from " .. format, function()
      for seed = 1, SEEDS do
        local jobs = make_list(seed, COUNT)
        local text, notes = port.write(jobs, format)
        assert.same({}, notes)
        local read = READ[format] or function(given)
          return port.read(given, { format = format })
        end
        local back, more = read(text)
        assert.same({}, support.lines(more))
        assert.same(support.by_id(jobs), support.by_id(back), "seed " .. seed)
        assert.equal(COUNT, #back)
      end
    end)

    it("is the same text every time as " .. format, function()
      local jobs = make_list(7, COUNT)
      assert.equal((port.write(jobs, format)), (port.write(jobs, format)))
      assert.equal("", (format == "lua" or format == "terraform") and (port.write({}, format)) or "")
    end)
  end

  it("is tidied without a change that the service would see", function()
    for seed = 1, SEEDS do
      for _, job in ipairs(make_list(seed, COUNT)) do
        assert.same(port.tidy(job), port.tidy(port.tidy(job)))
      end
    end
  end)
end)
