local call <const> = require "mooncron.port.call"
local shell <const> = require "mooncron.port.shell"

local function words_of(text, variables)
  local out = {}
  for i, command in ipairs(assert(shell.parse(text, { variables = variables }))) do
    local words = {}
    for j, word in ipairs(command.words) do
      words[j] = word.text .. (word.expands and " <" .. word.expands .. ">" or "")
    end
    out[i] = words
  end
  return out
end

describe("the words of a shell", function()
  local rows <const> = {
    { "a  b\tc", { { "a", "b", "c" } }, "blanks part words" },
    { "a 'b c' \"d e\"", { { "a", "b c", "d e" } }, "quotes hold them together" },
    { [[a'b'"c"\d]], { { "abcd" } }, "pieces without a blank are one word" },
    { [['\n' "\n" "\"\\\$"]], { { "\\n", "\\n", "\"\\$" } },
      "double quotes know four escapes, single ones none" },
    { "a \\\n  b", { { "a", "b" } }, "a line goes on" },
    { "'' \"\"", { { "", "" } }, "empty words are words" },
    { "a # b\nc#d", { { "a" }, { "c#d" } }, "a comment begins a word" },
    { "a; b && c || d | e & f", { { "a" }, { "b" }, { "c" }, { "d" }, { "e" }, { "f" } },
      "operators part commands" },
    { "a >/dev/null 2>&1 <b c", { { "a", "c" } }, "redirections are no words" },
    { "a $B \"x${C}y\" `g h` $(d (e) f)", { { "a", "$B <$B>", "x${C}y <${C}>", "`g h` <`g h`>",
      "$(d (e) f) <$(d (e) f)>" } }, "what only a shell knows is marked" },
    { "'$A' \\$B a$ \"$\"", { { "$A", "$B", "a$", "$" } }, "a quoted or lone $ is itself" },
    { "A=1 B='x y'\nc $A \"${B}\" $B", { { "A=1", "B=x y" }, { "c", "1", "x y", "$B <$B>" } },
      "variables of the text are known, unless they would part" },
    { "A=1; A=2; c $A", { { "A=1" }, { "A=2" }, { "c", "$A <$A>" } }, "one that is set twice is not" },
    { "A=$(b); c $A", { { "A=$(b) <$(b)>" }, { "c", "$A <$A>" } }, "nor one that a shell sets" },
  }
  for _, row in ipairs(rows) do
    it(row[3], function()
      assert.same(row[2], words_of(row[1]))
    end)
  end

  it("says what it does not read", function()
    for text, why in pairs {
      ["a 'b"] = "a single quote is not closed",
      ['a "b'] = "a double quote is not closed",
      ["(a)"] = "'(' is shell grammar that is not read",
      ["cat <<X\nX"] = "a here-document is not read",
    } do
      assert.same({ nil, why }, { shell.parse(text) })
    end
  end)

  it("quotes any text so that it comes back", function()
    for byte = 1, 255 do
      local text = "x" .. string.char(byte)
      for _, one in ipairs { text, string.char(byte), text .. text, string.char(byte):rep(3) .. "-" } do
        assert.same({ { one } }, words_of(shell.quote(one)))
        assert.equal(one, shell.unprintf(words_of(shell.printf(one))[1][2]))
      end
    end
    assert.same({ { "" } }, words_of(shell.quote ""))
    assert.equal("\0", shell.unprintf(words_of(shell.printf "\0")[1][2]))
  end)
end)

describe("an HTTP call in a command line", function()
  local function target(text, variables)
    local found, why = call.from_shell(text, variables)
    return found and found.http_target or why, found and found.remarks
  end

  local rows <const> = {
    { "curl https://a.example/x", { uri = "https://a.example/x", http_method = "GET" }, "no data is a GET" },
    { "/usr/bin/curl a.example", { uri = "http://a.example", http_method = "GET" }, "curl guesses http" },
    { "curl -sSfX PUT -d x https://a.example", { uri = "https://a.example", http_method = "PUT", body = "x",
      headers = { ["Content-Type"] = "application/x-www-form-urlencoded" } }, "flags in one word" },
    { "curl -XDELETE https://a.example", { uri = "https://a.example", http_method = "DELETE" },
      "a value in the same word" },
    { "curl --json '{}' --header='X: y' --url https://a.example", { uri = "https://a.example",
      http_method = "POST", body = "{}",
      headers = { ["Content-Type"] = "application/json", Accept = "application/json", X = "y" } },
      "--json brings its headers" },
    { "curl -d a=1 -d b=2 -H 'content-type: text/plain' https://a.example", { uri = "https://a.example",
      http_method = "POST", body = "a=1&b=2", headers = { ["content-type"] = "text/plain" } },
      "data is joined, a type of one's own stays" },
    { "curl -I https://a.example", { uri = "https://a.example", http_method = "HEAD" }, "-I is a HEAD" },
    { "sh -c 'sleep 3; exec curl \"$0\" https://a.example' >/log", "only a shell knows the '$0' in it",
      "inside sh -c" },
    { "bash -lc 'curl https://a.example/$P'", { uri = "https://a.example/7", http_method = "GET" },
      "with a variable of the environment", { P = "7" } },
    { "wget -qO- --post-data=a --header 'X: y' https://a.example", { uri = "https://a.example",
      http_method = "POST", body = "a", headers = { X = "y",
        ["Content-Type"] = "application/x-www-form-urlencoded" } }, "wget posts" },
    { "wget --spider https://a.example", { uri = "https://a.example", http_method = "HEAD" }, "wget looks" },
    { "run.sh", "'run.sh' is no HTTP call", "another program" },
    { "", "there is no command in it", "nothing" },
    { "curl https://a.example; curl https://b.example", "it makes more than one call", "two calls" },
    { "curl https://a.example https://b.example", "it names more than one URL", "two URLs" },
    { "curl -s", "it names no URL", "none" },
    { "curl https://{a,b}.example", "its URL is a pattern of several", "a pattern" },
    { "cd /tmp && curl https://a.example", "'cd /tmp' comes before the call",
      "what comes before may matter" },
    { "curl -d @f https://a.example", "its body is the file 'f'", "a file" },
    { "curl -T f https://a.example", "it uploads a file or a form", "an upload" },
    { "curl --proxy-magic x https://a.example", "its option '--proxy-magic' is not known here",
      "an unknown option" },
    { "curl -m soon https://a.example", "-m: 'soon' is not a number of seconds", "no number" },
    { "curl ftp://a.example", "'ftp://a.example' is not an http or https URL", "another protocol" },
    { "curl https://a.example -X", "-X has no value", "a value that is missing" },
    { "curl https://a.example < f", "it reads '< f'", "input" },
    { "curl https://a.example/$(date)", "only a shell knows the '$(date)' in it", "an expansion in the URL" },
  }
  for _, row in ipairs(rows) do
    it("is read: " .. row[3], function()
      assert.same(row[2], (target(row[1], row[4])))
    end)
  end

  it("has limits and retries as far as a job can have them", function()
    local line = "curl -m 30.5 --retry 2 --retry-delay 7 --retry-max-time 60 https://a.example"
    local found = assert(call.from_shell(line))
    assert.equal("31s", found.attempt_deadline)
    local config = { retry_count = 2, min_backoff_duration = "7s", max_retry_duration = "60s" }
    assert.same(config, found.retry_config)
    assert.same({}, found.remarks)
    found = assert(call.from_shell("wget -t 0 -T 5 https://a.example"))
    assert.equal("15s", found.attempt_deadline)
    assert.same({ retry_count = 5 }, found.retry_config)
    assert.equal(2, #found.remarks)
  end)

  it("says what the job will not do", function()
    local line = "curl -k -A me -H \"Authorization: Bearer $(gcloud auth)\" http://localhost:1 | tee log"
    local _, remarks = target(line)
    assert.same({
      "Cloud Scheduler checks certificates, the command did not",
      "its User-Agent is replaced by Google-Cloud-Scheduler",
      "header 'Authorization' is left out: only a shell knows '$(gcloud auth)', set oidc_token "
        .. "or oauth_token instead",
      "'localhost' is no public name: Cloud Scheduler must be able to reach it",
      "what follows the call is left out: 'tee log'",
    }, remarks)
  end)
end)
