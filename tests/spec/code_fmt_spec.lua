-- Generated job files read back as what they were made of, and are the same every time.
local fmt = require "mooncron.code.fmt"
local job_api = require "mooncron.api.job"
local loader = require "mooncron.code.loader"
local support = require "support.jobfiles"

describe("a text in Lua", function()
  local texts = {
    "", "plain", 'with "quotes"', "two\nlines", "\nfirst", "tab\t", "\r\n", "back\\slash", "]]", 'x"]]',
      'x"]=]]==]',
    "ends with ]", 'ends with "]', "\0\1\255", "é", "\xff\xfe", "'", "--[[", "\\n", '{"a":"b"}', "\127",
  }
  for _, text in ipairs(texts) do
    it(("reads back: %q"):format(text), function()
      assert.equal(text, load("return " .. fmt.quote(text))())
    end)
  end
end)

describe("a generated file", function()
  it("reads back as its jobs, for any of them", function()
    support.seed(31)
    for _ = 1, 40 do
      local jobs = support.jobs(6)
      local text = fmt.file { jobs = jobs }
      local declared, e = loader.load_text(text)
      assert.is_not_nil(declared, e and e.message .. "\n" .. text)
      for i, one in ipairs(declared.jobs) do
        local want = jobs[i]
        assert.equal(want.paused, one.paused)
        want.paused = nil
        want.name = one.name
        assert.same(assert(job_api.from_lua(want)), one.job)
      end
      assert.equal(text, fmt.file { jobs = (function()
        for i, one in ipairs(declared.jobs) do
          jobs[i].paused = one.paused
        end
        return jobs
      end)() })
    end
  end)

  it("is as somebody would write it", function()
    assert.equal([[
-- Made by mooncron.
-- Edit at will.

set "billing"

defaults {
  time_zone = "Europe/Berlin",
  retry_config = { retry_count = 3 },
}

job "nightly" {
  schedule = "0 2 * * *",
  http_target = {
    uri = "https://example.com/a-rather-long-path-that-does-not-fit-into-a-single-line/of-this-file",
    headers = { ["Content-Type"] = "application/json" },
    body = [=[{"a":"b"}]=],
  },
}
]], (fmt.file {
      head = "Made by mooncron.\nEdit at will.",
      set = "billing",
      defaults = { retry_config = { retry_count = 3 }, time_zone = "Europe/Berlin" },
      jobs = { {
        name = "projects/p/locations/l/jobs/nightly",
        schedule = "0 2 * * *",
        http_target = {
          uri = "https://example.com/a-rather-long-path-that-does-not-fit-into-a-single-line/of-this-file",
          body = '{"a":"b"}',
          headers = { ["Content-Type"] = "application/json" },
        },
      } },
    }:gsub("%[%[{", "[=[{"):gsub("}%]%]", "}]=]")))
  end)
end)
