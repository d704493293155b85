-- Texts of generated job files read back as they were.
local fmt = require "mooncron.code.fmt"
local support = require "support.jobfiles"

describe("a text in Lua", function()
  local texts = {
    "", "plain", 'with "quotes"', "two\nlines", "\nfirst", "tab\t", "\r\n", "back\\slash", "]]", 'x"]]',
    'x"]=]]==]', 'x"]]]=]]==]]===]', "ends with ]", 'ends with "]', "\0\1\255", "é", "\xff\xfe", "'",
      "--[[", "\\n",
    '{"a":"b"}', "\127",
  }
  for _, text in ipairs(texts) do
    it(("reads back: %q"):format(text), function()
      assert.equal(text, load("return " .. fmt.quote(text))())
    end)
  end

  it("reads back, whatever it is made of", function()
    support.seed(3)
    local parts = { "]", "=", "[", "\n", '"', "\\", "a", "\0", "\255", "é", "\r", "7" }
    for _ = 1, 3000 do
      local text = {}
      for i = 1, support.below(9) do
        text[i] = support.pick(parts)
      end
      text = table.concat(text)
      assert.equal(text, load("return " .. fmt.quote(text))())
    end
  end)

  it("is as somebody would write it", function()
    assert.same({ '"plain"', '[[{"a":"b"}]]', "[[two\nlines]]", '[=["]]]=]', '"tab\\t"' }, {
      fmt.quote("plain"), fmt.quote('{"a":"b"}'), fmt.quote("two\nlines"), fmt.quote('"]]'),
        fmt.quote("tab\t"),
    })
  end)
end)
