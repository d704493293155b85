local format <const> = require "mooncron.cli.format"

local RECORDS <const> = {
  {
    name = "projects/p/locations/l/jobs/b",
    timeZone = "Etc/UTC",
    scheduleTime = "2026-11-25T01:52:47.951Z",
    pubsubTarget = { data = "aGVsbG8=", attributes = { k = "v", j = "w,x" } },
    n = 5,
    list = { "r", "g;b" },
  },
  { name = "projects/p/locations/l/jobs/a", timeZone = 'q"q', n = 10, empty = "" },
}

local function print_all(text, options)
  return format.print(RECORDS, assert(format.parse(text)), options or {})
end

describe("a format", function()
  -- format, output, why
  local rows <const> = {
    { "none", "", "nothing" },
    { "value(n)", "5\n10\n", "values" },
    { "value(name.basename(),nothing,n)", "b\t\t5\na\t\t10\n", "what is missing is empty" },
    { "value(pubsubTarget.attributes)", "j=w,x;k=v\n\n", "maps in a field" },
    { "value(list)", "r;g;b\n\n", "lists in a field" },
    { 'value[separator=" ",terminator="|"](n,n)', "5 5|10 10|", "separators" },
    { "csv(timeZone,list)", 'time_zone,list\nEtc/UTC,r;"g;b"\n"q""q",\n', "csv quotes" },
    { "csv[no-heading](n)", "5\n10\n", "no heading" },
    { "csv[no-quote](timeZone)", 'time_zone\nEtc/UTC\nq"q\n', "no quotes" },
    { "table(name.basename():label=X,timeZone)", 'X  TIME_ZONE\nb  Etc/UTC\na  q"q\n', "a table" },
    { "table(n:sort=1:reverse,list)", "N   LIST\n10\n5   ['r', 'g;b']\n", "sorted by a column" },
    { "table(n:align=right)", " N\n 5\n10\n", "aligned" },
    { "json(n)", '[\n  {\n    "n": 5\n  },\n  {\n    "n": 10\n  }\n]\n', "json" },
    { "yaml(name.basename(),pubsubTarget.data)",
      "---\nname: b\npubsubTarget:\n  data: aGVsbG8=\n---\nname: a\n",
      "yaml" },
    { "value(name.segment(1),name.segment(-3),name.segment(9))", "p\tl\t\np\tl\t\n", "segments" },
    { "value(pubsubTarget.yesno(yes=Y,no=n))", "Y\nn\n", "yesno" },
    { "value(pubsubTarget.data.decode(base64))", "hello\n\n", "decode" },
    { "value(firstof(empty,n))", "5\n10\n", "the first that has something" },
    { 'value(format("{0}:{1}",n,name.basename()))', "5:b\n10:a\n", "format" },
    { 'value(scheduleTime.date("%Y/%m/%d %H:%M:%S %z",tz=Asia/Kolkata))', "2026/11/25 07:22:47 +0530\n\n",
      "dates" },
    { 'value(name.split("/").join("-"))', "projects-p-locations-l-jobs-b\nprojects-p-locations-l-jobs-a\n",
      "split" },
    { "value(list.len(),name.len(),list.list())", "2\t29\tr,g;b\n0\t29\t\n", "lengths" },
    { "value(list[0],list[-1])", "r\tg;b\n\t\n", "items" },
    { "value(name.basename().upper())", "B\nA\n", "functions in a row" },
  }
  for _, row in ipairs(rows) do
    it(("%s: %s"):format(row[1], row[3]), function()
      assert.equal(row[2], print_all(row[1]))
    end)
  end

  -- record, format, output, why
  local keys <const> = {
    { { time_zone = "UTC", n = { a_b = 1 } }, "value(time_zone,n.a_b)", "UTC\t1\n", "snake case" },
    { { timeZone = "UTC", n = { aB = 1 } }, "value(time_zone,n.a_b)", "UTC\t1\n", "snake for camel case" },
    { { aB = false }, "value(a_b)", "False\n", "false is a value" },
    { { a = "text" }, "value(a.len,a[0],a[],nothing.b)", "\t\t\t\n", "a text has no members" },
    { { l = { { k = 1 }, {}, { k = 3 } } }, "value(l[].k,l[1].k,l[2].k,l[-1].k)", "1;3\t\t3\t3\n",
      "items" },
  }
  for _, row in ipairs(keys) do
    it(("%s: %s"):format(row[2], row[4]), function()
      assert.equal(row[3], format.print({ row[1] }, assert(format.parse(row[2])), {}))
    end)
  end

  it("prints one record without a list around it", function()
    assert.equal('{\n  "n": 5\n}\n', print_all("json(n)", { single = true }))
    assert.equal("[]\n", format.print({}, assert(format.parse "json"), {}))
    assert.equal("", format.print({}, assert(format.parse "table(a)"), {}))
  end)

  it("takes heads of columns from the command", function()
    assert.equal("ID  N\nprojects/p/locations/l/jobs/b  5\n",
      (print_all("table(name,n)", { labels = { name = "ID" } }):gsub(" +", "  "):gsub("\n[^\n]*a  10", "")))
  end)

  local wrong <const> = {
    { "foo", "INVALID_ARGUMENT", "Format must be one of csv" },
    { "table", "INVALID_ARGUMENT", "requires a non-empty projection" },
    { "value(", "INVALID_ARGUMENT", "Unexpected tokens" },
    { "value(a b)", "INVALID_ARGUMENT", "Unexpected tokens" },
    { "value(a.nofun())", "INVALID_ARGUMENT", "Unknown transform function" },
    { "flattened(a)", "UNIMPLEMENTED", "format 'flattened' is not implemented" },
    { "table[box](a)", "UNIMPLEMENTED", "format attribute 'box' is not implemented" },
  }
  for _, row in ipairs(wrong) do
    it("refuses " .. row[1], function()
      local parsed, e = format.parse(row[1])
      assert.is_nil(parsed)
      assert.equal(row[2], e.code)
      assert.is_truthy(e.message:find(row[3], 1, true), e.message)
    end)
  end
end)
