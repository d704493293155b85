---What came of tests, as people or programs read it. A report is two functions: one is told of each result,
---the other of the end. Pure.

local M = {}

---@class mooncron.testing.Report
---@field each fun(result: mooncron.testing.Result, number: integer)
---@field finish fun(results: mooncron.testing.Result[])

local function count(results)
  local failed, skipped = 0, 0
  for _, result in ipairs(results) do
    failed = failed + (result.ok and 0 or 1)
    skipped = skipped + (result.skipped and 1 or 0)
  end
  return failed, skipped
end

local function seconds_of(results)
  local sum = 0
  for _, result in ipairs(results) do
    sum = sum + result.seconds
  end
  return sum
end

-- ---- for people ----

local function pretty(write)
  local file
  return {
    each = function(result)
      if result.file ~= file then
        write((file and "\n" or "") .. result.file .. "\n")
        file = result.file
      end
      write(("  %s %s%s\n"):format(result.skipped and "-" or result.ok and "✓" or "✗", result.name,
        result.skipped and " (skipped: " .. result.skipped .. ")" or ""))
      if not result.ok then
        write(("      %s: %s\n"):format(result.where or result.file, result.message))
      end
    end,
    finish = function(results)
      local failed, skipped = count(results)
      write(("\n%d tests, %d failed%s, %.2f s\n"):format(#results, failed,
        skipped > 0 and (", %d skipped"):format(skipped) or "", seconds_of(results)))
    end,
  }
end

-- ---- TAP 13 ----

local function tap_name(text)
  return (text:gsub("[\r\n]", " "):gsub("\\", "\\\\"):gsub("#", "\\#"))
end

local function tap(write)
  write "TAP version 13\n"
  return {
    each = function(result, number)
      write(("%s %d - %s%s\n"):format(result.ok and "ok" or "not ok", number, tap_name(result.name),
        result.skipped and " # SKIP " .. tap_name(result.skipped) or ""))
      if not result.ok then
        local function quoted(text)
          return "'" .. text:gsub("%c", " "):gsub("'", "''") .. "'"
        end
        write(("  ---\n  message: %s\n  at: %s\n  ...\n"):format(
          quoted(result.message), quoted(result.where or result.file)))
      end
    end,
    finish = function(results)
      write(("1..%d\n"):format(#results))
    end,
  }
end

-- ---- JUnit's XML, a suite a file ----

local ENTITIES <const> = {
  ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["\n"] = "&#10;",
}

local function xml(text)
  text = utf8.len(text) and text or text:gsub("[\128-\255]", "?")
  return (text:gsub("[%z\1-\8\11\12\14-\31]", "?"):gsub("[&<>\"\n]", ENTITIES))
end

local function junit_case(write, result)
  write(('    <testcase name="%s" classname="%s" time="%.3f"'):format(
    xml(result.name), xml(result.file:gsub("%.lua$", "")), result.seconds))
  if result.skipped then
    write(('>\n      <skipped message="%s"/>\n    </testcase>\n'):format(xml(result.skipped)))
  elseif result.ok then
    write "/>\n"
  else
    write(('>\n      <failure message="%s">%s</failure>\n    </testcase>\n'):format(
      xml(result.message), xml((result.where or result.file) .. (result.trace or ""))))
  end
end

local function junit(write)
  return {
    each = function() end,
    finish = function(results)
      local failed, skipped = count(results)
      write '<?xml version="1.0" encoding="UTF-8"?>\n'
      write(('<testsuites tests="%d" failures="%d" skipped="%d" time="%.3f">\n'):format(
        #results, failed, skipped, seconds_of(results)))
      local at = 1
      while at <= #results do
        local suite, file = {}, results[at].file
        while results[at] and results[at].file == file do
          suite[#suite + 1] = results[at]
          at = at + 1
        end
        local bad, passed_over = count(suite)
        write(('  <testsuite name="%s" tests="%d" failures="%d" skipped="%d" errors="0" time="%.3f">\n')
          :format(xml(file), #suite, bad, passed_over, seconds_of(suite)))
        for _, result in ipairs(suite) do
          junit_case(write, result)
        end
        write "  </testsuite>\n"
      end
      write "</testsuites>\n"
    end,
  }
end

---By name of the format: (write) -> report.
---@type table<string, fun(write: fun(text: string)): mooncron.testing.Report>
M.formats = { junit = junit, pretty = pretty, tap = tap }

return M
