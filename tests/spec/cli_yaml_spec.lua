local json <const> = require "mooncron.json"
local yaml <const> = require "mooncron.cli.yaml"

describe("YAML", function()
  local LONG <const> = ("word "):rep(20) .. "end"

  -- text, what is printed for { a = text }, why
  local rows <const> = {
    { "", "a: ''", "nothing" },
    { "plain text, with: no", "a: 'plain text, with: no'", "a colon and a blank" },
    { "a:b", "a: a:b", "a colon alone is text" },
    { "a #b", "a: 'a #b'", "a comment" },
    { "a#b", "a: a#b", "a hash inside of a word" },
    { "0 2 * * *", "a: 0 2 * * *", "a schedule" },
    { "*/5 * * * *", "a: '*/5 * * * *'", "an alias" },
    { "012", "a: '012'", "a number of YAML 1.1" },
    { "1e3", "a: '1e3'", "a float" },
    { "1_000", "a: '1_000'", "a number with underscores" },
    { "0x1F", "a: '0x1F'", "hexadecimal" },
    { ".5", "a: '.5'", "a float that begins with its point" },
    { ".inf", "a: '.inf'", "infinity" },
    { "1:30", "a: '1:30'", "ninety in YAML 1.1" },
    { "yes", "a: 'yes'", "true in YAML 1.1" },
    { "Null", "a: 'Null'", "null in any case" },
    { "~", "a: '~'", "null" },
    { "2026-01-01", "a: '2026-01-01'", "a date" },
    { "2026-01-01T00:00:00Z", "a: '2026-01-01T00:00:00Z'", "an instant" },
    { "-a", "a: -a", "a dash that begins a word" },
    { "- a", "a: '- a'", "a list" },
    { "?x", "a: ?x", "a question mark that begins a word" },
    { "'q", "a: \"'q\"", "single quotes go into double ones" },
    { "'q\"", "a: '''q\"'", "both" },
    { " a", "a: ' a'", "a blank before" },
    { "a ", "a: 'a '", "a blank behind" },
    { "---", "a: '---'", "a document" },
    { "tab\there", 'a: "tab\\there"', "a tab" },
    { "bell\a", 'a: "bell\\a"', "a control character" },
    { "\u{e9}\u{1F600}", "a: \u{e9}\u{1F600}", "what is not ASCII" },
    { "\u{FEFF}", 'a: "\\uFEFF"', "a byte order mark" },
    { "a\nb", "a: |-\n  a\n  b", "lines" },
    { "a\n", "a: |\n  a", "a line with its end" },
    { "a\n\n", "a: |+\n  a\n", "and an empty one" },
    { " a\nb", "a: |2-\n   a\n  b", "blanks before the first line" },
    { "a \nb", 'a: "a \\nb"', "a blank before an end of line" },
    { LONG, "a: " .. ("word "):rep(16):sub(1, -2) .. "\n  word word word word end", "folding" },
  }
  for _, row in ipairs(rows) do
    it(("prints %q: %s"):format(row[1], row[3]), function()
      assert.equal(row[2] .. "\n", yaml.encode { a = row[1] })
    end)
  end

  it("prints maps, lists and scalars in block style, sorted", function()
    assert.equal([[
b: 5
empty: {}
list:
- k: v
  m:
    'n': true
- plain
none: []
]], yaml.encode {
      list = { { m = { n = true }, k = "v" }, "plain" },
      b = 5.0,
      empty = {},
      none = json.list(),
    })
    assert.equal("5\n", yaml.encode(5))
    assert.equal("{}\n", yaml.encode {})
    assert.equal("a: null\n", yaml.encode { a = json.null })
  end)

  it("quotes keys like texts", function()
    assert.equal("'@type': x\n'on': 'y'\n", yaml.encode { ["@type"] = "x", on = "y" })
  end)
end)
