-- Credentials that need TLS of their own: X.509 certificates, and the authority of a private cloud. A
-- program of its own asks a fake Google for tokens.

local auth = require "mooncron.auth"
local core = require "mooncron.core"
local fake_google = require "fake_google"
local json = require "mooncron.json"
local task = require "mooncron.task"
local tls = require "support.tls"

local program <const> = (os.getenv("MOONCRON_BUILD") or "build") .. "/mooncron"
local shell <const> = tls.shell

describe("a credential with TLS of its own", function()
  if not tls.has_tools then
    it("is tested with node and openssl", function()
      pending("node or openssl is not installed")
    end)
    return
  end

  local folder, google

  local function write(name, text)
    local file <close> = assert(io.open(folder .. "/" .. name, "w"))
    file:write(type(text) == "string" and text or json.encode(text))
    return folder .. "/" .. name
  end

  local function read(name)
    local file <close> = assert(io.open(folder .. "/" .. name))
    return file:read("a")
  end

  -- What a program prints that asks for a token of the credential in a file.
  local function token_of(path, environment)
    local ended = task.await(assert(task.loop():spawn({ program, "-e", [[
      local credential = assert(require("mooncron.auth").from_file(arg[1]))
      local token, e = credential:access_token(nil, { audience = "https://api.gdc" })
      io.write(token or tostring(e))]], path }, environment, { timeout_ms = 30000 })))
    assert.equal("", ended.stderr)
    return ended.stdout
  end

  setup(function()
    folder = tls.certificates()
    google = fake_google.start()
  end)

  teardown(function()
    google:close()
    os.execute("rm -rf " .. folder)
    assert.equal(0, task.loop():pending())
  end)

  describe("of an X.509 workload", function()
    local url

    setup(function()
      url = google:front(folder, folder .. "/ca.pem")
      shell(("cd %s && openssl req -x509 -newkey rsa:2048 -nodes -keyout stranger.key -out stranger.pem "
        .. "-days 2 -subj /CN=stranger 2> /dev/null"):format(folder))
    end)

    -- The credential's file, for a certificate and a key of these names.
    local function workload(cert, key, chain)
      local paths <const> = { cert_path = folder .. "/" .. cert, key_path = folder .. "/" .. key }
      return write("workload.json", {
        type = "external_account",
        audience = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
        subject_token_type = "urn:ietf:params:oauth:token-type:mtls",
        token_url = url .. "/sts/v1/token",
        credential_source = { certificate = {
          certificate_config_location = write("certificate_config.json", {
            cert_configs = { workload = paths },
          }),
          trust_chain_path = chain and folder .. "/" .. chain,
        } },
      })
    end

    local function trusting()
      return { "CURL_CA_BUNDLE=" .. folder .. "/ca.pem" }
    end

    local function base64_of(name)
      return (read(name):match("CERTIFICATE%-+\n(.-)%-"):gsub("%s", ""))
    end

    it("proves itself by the connection, and names its certificates", function()
      assert.matches("^token%-%d+$", token_of(workload("cert.pem", "key.pem"), trusting()))
      assert.same({ base64_of "cert.pem" }, json.decode(google.last_form.subject_token))
      assert.matches("^token%-%d+$", token_of(workload("cert.pem", "key.pem", "ca.pem"), trusting()))
      assert.same({ base64_of "cert.pem", base64_of "ca.pem" }, json.decode(google.last_form.subject_token))
    end)

    it("says what is wrong", function()
      for _, case in ipairs {
        { "stranger.pem", "stranger.key", trusting(), "^UNAVAILABLE: token exchange: no answer from "
          .. "localhost:%d+: ", "a certificate of an unknown authority" },
        { "cert.pem", "ca.key", trusting(), "^FAILED_PRECONDITION: token exchange: no answer from "
          .. "localhost:%d+: .*the client's certificate or its key", "the key of another" },
        { "cert.pem", "none.key", trusting(), "the client's certificate or its key .*none%.key",
          "no file of the key" },
        { "none.pem", "key.pem", trusting(), "^NOT_FOUND: certificate: no file '.*/none%.pem'$",
          "no file of the certificate" },
        { "cert.pem", "key.pem", {}, "the server's certificate is not trusted", "an unknown server" },
      } do
        assert.matches(case[4], token_of(workload(case[1], case[2]), case[3]), 1, false, case[5])
      end
    end)
  end)

  describe("of a Google Distributed Cloud", function()
    local key

    setup(function()
      key = assert(core.auth.generate_key("ES256"))
      google.gdch_keys = assert(auth.keys('{"keys":[' .. assert(core.auth.jwk(key)) .. "]}"))
      google.gdch_url = google:front(folder) .. "/authenticate"
    end)

    local function identity(fields)
      local all = {
        type = "gdch_service_account",
        format_version = "1",
        project = "p",
        name = "robot",
        private_key = key,
        private_key_id = assert(core.auth.key_id(key)),
        token_uri = google.gdch_url,
        ca_cert_path = folder .. "/ca.pem",
      }
      for name, value in pairs(fields or {}) do
        all[name] = value or nil
      end
      return write("gdch.json", all)
    end

    it("gets a token of its audience", function()
      assert.matches("^token%-%d+$", token_of(identity()))
      assert.equal("https://api.gdc", google.last_form.audience)
    end)

    it("says what is wrong", function()
      for _, case in ipairs {
        { { ca_cert_path = false }, "the server's certificate is not trusted", "an unknown authority" },
        { { ca_cert_path = "/no/such/file" }, "^FAILED_PRECONDITION: .*the file of trusted certificates",
          "no file of the authority" },
        { { name = "other" }, "^UNAUTHENTICATED: token of the service identity: HTTP 401 invalid_grant: "
          .. "the key or its account is gone", "an unknown identity" },
      } do
        assert.matches(case[2], token_of(identity(case[1])), 1, false, case[3])
      end
    end)
  end)
end)
