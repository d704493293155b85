local base64 = require "mooncron.api.base64"

describe("base64", function()
  local ROWS <const> = {
    { "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
      { "fooba", "Zm9vYmE=" },
    { "\0\1\254\255", "AAH+/w==" },
  }
  for _, row in ipairs(ROWS) do
    it("'" .. row[2] .. "' in both alphabets, padded or not", function()
      assert.equal(row[2], base64.encode(row[1]))
      assert.equal(row[1], base64.decode(row[2]))
      assert.equal(row[1], base64.decode(base64.encode_url(row[1])))
    end)
  end

  it("keeps every byte at every place", function()
    for first = 0, 255 do
      local data = string.char(first, 255 - first, first ~ 0x55, first)
      for n = 1, 4 do
        assert.equal(data:sub(1, n), base64.decode(base64.encode(data:sub(1, n))))
      end
    end
  end)

  it("refuses what it is not", function()
    for _, text in ipairs { "A", "AAAAA", "AA=", "A===", "AAA==", "=", "AA==AA==", "A A=", "AA\n=",
      "é" } do
      assert.is_nil((base64.decode(text)), text)
    end
  end)
end)
