local format <const> = require "mooncron.cli.format"

local RECORDS <const> = {
  {
    name = "projects/p/locations/l/jobs/b",
    timeZone = "Etc/UTC",
    scheduleTime = "2026-11-25T01:52:47.951Z",
    later = "2027-12-30T01:52:47.951Z",
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
    { "value(firstof(empty,n),firstof(nothing,n))", "5\t5\n\t10\n", "the first that is there" },
    { 'value(format("{0}:{1}",n,name.basename()))', "5:b\n10:a\n", "format" },
    { 'value(scheduleTime.date("%Y/%m/%d %H:%M:%S %z",tz=Asia/Kolkata))', "2026/11/25 07:22:47 +0530\n\n",
      "dates" },
    { 'value(name.split("/").join("-"))', "projects-p-locations-l-jobs-b\nprojects-p-locations-l-jobs-a\n",
      "split" },
    { "value(list.len(),name.len(),list.list())", "2\t29\tr,g;b\n0\t29\t\n", "lengths" },
    { "value(list[0],list[-1])", "r\tg;b\n\t\n", "items" },
    { "value(name.basename().upper())", "B\nA\n", "functions in a row" },
    { "value(list.map().upper(),list.upper().len())", "R;G;B\t2\n\t0\n", "a function for each item" },
    { "value(name.sub(JOBS,x),name.sub(JOBS,x,ignorecase=false).len(),name.sub('[a-z]','',count=8))",
      "projects/p/locations/l/x/b\t29\t/p/locations/l/jobs/b\n"
        .. "projects/p/locations/l/x/a\t29\t/p/locations/l/jobs/a\n", "sub" },
    { "value(name.regex('^proj',does_match=Y),name.regex('jobs',nomatch=N))", "Y\tN\nY\tN\n",
      "regex is at the start" },
    { "value(name.scope(),name.scope(jobs),name.scope(zones,locations))",
      "projects/p/locations/l/jobs/b\tb\tl/jobs/b\nprojects/p/locations/l/jobs/a\ta\tl/jobs/a\n", "scope" },
    { "value(n.duration(),n.duration(unit=0.001),nothing.duration(undefined=U))",
      "PT5S\tPT1H23M20S\tU\nPT10S\tPT2H46M40S\tU\n", "durations" },
    { "value(duration(start=scheduleTime,end=later,parts=2),scheduleTime.iso())",
      "P1Y\t2026-11-25T01:52:47.951+00:00\n\tT\n", "spans" },
    { 'value(scheduleTime.date("%%%3f %Ez %Oz",tz=UTC))', "%951 Z +00:00\n\n", "dates of gcloud's own" },
    { "value(list.slice(1:),list.slice(-1),name.slice(0:2))", "g;b\tg;b\tp;r\n\t\tp;r\n", "slices" },
    { "value(pubsubTarget.flatten(),list.sort().join(+))", "attributes=j=w,x,k=v,data=aGVsbG8=\tg;b+r\n\t\n",
      "flatten" },
    { "value(n.size(),n.float(),n.size(units_in=M))", "5 bytes\t5.0\t5 MiB\n10 bytes\t10.0\t10 MiB\n",
      "numbers" },
    { "value(name.trailoff(9),list.group(),list.count())", "projec...\t[r] [g;b]\tg;b=1;r=1\n"
      .. "projec...\t[]\t\n", "other functions" },
    { "flattened(n,name.basename():label=ID,list)", "---\nlist[0]: r\nlist[1]: g;b\nn:       5\nid:      b\n"
      .. "---\nn:  10\nid: a\n", "flattened" },
    { "text(pubsubTarget.data,timeZone)", "---\ndata:      aGVsbG8=\ntime_zone: Etc/UTC\n"
      .. "---\ntime_zone: q\"q\n", "keys of columns are their heads" },
    { "text[no-pad,separator='='](n,name.basename())", "---\nn=5\nname=b\n---\nn=10\nname=a\n", "text" },
    { "list(n,name.basename())", " - 5\n   b\n - 10\n   a\n", "list" },
    { "list[compact,title=T](n,name.basename())", "T\n - 5 b\n - 10 a\n", "list on a line, with a title" },
    { "config(n,pubsubTarget,list)", "n = 5\n[list]\n0 = r\n1 = g;b\n[pubsubTarget]\ndata = aGVsbG8=\n"
      .. "[pubsubTarget.attributes]\nj = w,x\nk = v\nn = 10\n", "config" },
    { "config[export](list,timeZone)", "export list_I0=r\nexport list_I1='g;b'\nexport timeZone=Etc/UTC\n"
      .. "export timeZone='q\"q'\n", "exports" },
    { "table[box](name.basename(),n:align=right)",
      "┌──────┬────┐\n│ NAME │ N  │\n├──────┼────┤\n│ b    │  5 │\n│ a    │ 10 │\n└──────┴────┘\n", "a box" },
    { "table[all-box,ascii,no-heading,title=Jobs](name.basename(),n)",
      "+------------+\n|    Jobs    |\n+-----+------+\n| b   | 5    |\n+-----+------+\n| a   | 10   |\n"
        .. "+-----+------+\n",
      "all boxes, plainly" },
    { "table[title=T,pad=3](name.basename():width=6,nothing:optional,n)", "     T\nNAME     N\nb        5\n"
      .. "a        10\n", "a title, a width, a column that may be absent" },
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
    { "foo", "INVALID_ARGUMENT", "Format must be one of config, csv" },
    { "table", "INVALID_ARGUMENT", "requires a non-empty projection" },
    { "value(", "INVALID_ARGUMENT", "Unexpected tokens" },
    { "value(a b)", "INVALID_ARGUMENT", "Unexpected tokens" },
    { "value(a.nofun())", "INVALID_ARGUMENT", "Unknown transform function" },
    { "diff(a)", "UNIMPLEMENTED", "format 'diff' is not implemented" },
    { "table[margin=3](a)", "UNIMPLEMENTED", "format attribute 'margin' is not implemented" },
  }
  it("knows each function that there is, and no other", function()
    local transform, there = require "mooncron.cli.transform", { "always", "map" }
    for _, file in ipairs { "texts", "lists", "moments" } do
      for name in pairs(require("mooncron.cli.transform." .. file)) do
        there[#there + 1] = name
      end
    end
    table.sort(there)
    assert.same(there, transform.names())
  end)

  it("says what is wrong with a regular expression", function()
    for _, text in ipairs { 'value(n.sub("(","x"))', 'value(n.regex("["))' } do
      local ok, e = pcall(print_all, text)
      assert.is_false(ok)
      assert.equal("INVALID_ARGUMENT", e.code)
    end
  end)

  for _, row in ipairs(wrong) do
    it("refuses " .. row[1], function()
      local parsed, e = format.parse(row[1])
      assert.is_nil(parsed)
      assert.equal(row[2], e.code)
      assert.is_truthy(e.message:find(row[3], 1, true), e.message)
    end)
  end
end)
