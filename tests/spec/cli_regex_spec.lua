local regex <const> = require "mooncron.cli.regex"

describe("a regular expression", function()
  -- expression, text, found, why
  local rows <const> = {
    { "", "x", true, "nothing is everywhere" },
    { "abc", "xabcx", true, "a literal anywhere" },
    { "^abc$", "abc", true, "anchors" },
    { "^abc$", "abcd", false, "anchors hold" },
    { "a.c", "a\u{e9}c", true, "a dot is a character, not a byte" },
    { "a.c", "a\nc", false, "a dot is no end of line" },
    { "ab*c", "ac", true, "none" },
    { "ab+c", "ac", false, "at least one" },
    { "ab?c", "abbc", false, "at most one" },
    { "^a{2,3}$", "aaaa", false, "counted" },
    { "^a{2,}$", "aaaa", true, "open" },
    { "^a{,2}$", "aa", true, "from none" },
    { "a{x", "a{x", true, "braces that count nothing" },
    { "^(ab|cd)+$", "abcdab", true, "groups repeat" },
    { "^(?:a|b)c", "bc", true, "groups that are not kept" },
    { "a|b|", "z", true, "an empty alternative" },
    { "[a-c]", "b", true, "ranges" },
    { "[^a-c]", "b", false, "not" },
    { "[]x]", "]", true, "a bracket first" },
    { "[a-]", "-", true, "a dash last" },
    { "[\\d-]", "5", true, "classes in classes" },
    { "^\\w+$", "job_1", true, "words" },
    { "^\\W$", "-", true, "not words" },
    { "\\bb\\b", "a-b-c", true, "ends of words" },
    { "\\bb\\b", "abc", false, "not inside" },
    { "\\Bb", "ab", true, "only inside" },
    { "a\\.b", "a.b", true, "escapes" },
    { "a\\.b", "axb", false, "escapes are literal" },
    { "(?i)ABC", "xabc", true, "in any case" },
    { "(?i)[A-C]", "b", true, "also classes" },
    { "^a*?b$", "aab", true, "lazy" },
    { "^(a*)*$", "aaa", true, "a repetition of what may be empty ends" },
    { "end$", "the end\n", true, "an end of line at the end" },
  }
  for _, row in ipairs(rows) do
    it(("%q in %q: %s"):format(row[1], row[2], row[4]), function()
      assert.equal(row[3], assert(regex.compile(row[1]))(row[2]))
    end)
  end

  for _, source in ipairs { "(", ")", "a)", "[a", "*a", "a\\", "(?=a)", "[b-a]", "a{3,2}", "\\q", "[\\b]" } do
    it(("refuses %q"):format(source), function()
      local matches, e = regex.compile(source)
      assert.is_nil(matches)
      assert.equal("INVALID_ARGUMENT", e.code)
    end)
  end

  it("does not run for ever", function()
    local matches = assert(regex.compile "^(a+)+$")
    local ok, e = pcall(matches, ("a"):rep(40) .. "b")
    assert.is_false(ok)
    assert.equal("OUT_OF_RANGE", e.code)
  end)

  it("does not run out of stack", function()
    local matches = assert(regex.compile "^(a|b)*$")
    local ok, e = pcall(matches, ("ab"):rep(200000))
    assert.is_true(ok or e.code == "OUT_OF_RANGE")
  end)
end)
