// Usage: node check.mjs LUA PEER.  Prints TAP.
import { execFileSync } from "node:child_process";
import { AwsClient, JWTAccess, OAuth2Client } from "google-auth-library";
import * as jose from "jose";

const [lua, peer] = process.argv.slice(2);
const now = Math.floor(Date.now() / 1000);
const url = "http://127.0.0.1:8123";
const audience = "https://target.example/path?x=1";
const email = "svc@project.iam.gserviceaccount.com";

let count = 0;
let failed = 0;
function ok(pass, why, detail) {
  count += 1;
  failed += pass ? 0 : 1;
  console.log(`${pass ? "ok" : "not ok"} ${count} - ${why}`);
  if (!pass && detail !== undefined) console.log(`# ${detail}`);
}
async function check(why, fn) {
  try {
    ok((await fn()) !== false, why);
  } catch (e) {
    ok(false, why, e.stack);
  }
}
const ask = (request) => JSON.parse(execFileSync(lua, [peer], { input: JSON.stringify({ now, ...request }) }));
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

// ---- ours, checked by them ----

const ours = ask({ what: "issue", url, audience, email });
const jwks = JSON.parse(ours.jwks);

await check("jose verifies our token by our JWKS", async () => {
  const { payload, protectedHeader } = await jose.jwtVerify(ours.token, jose.createLocalJWKSet(jwks), {
    issuer: url, audience, algorithms: ["RS256"], typ: "JWT",
  });
  return payload.email === email && payload.email_verified === true && payload.exp - payload.iat === 3600 &&
    payload.sub === payload.azp && /^\d{21}$/.test(payload.sub) && protectedHeader.kid === ours.kid;
});
await check("jose computes the same thumbprint", async () =>
  (await jose.calculateJwkThumbprint(jwks.keys[0])) === ours.kid);
await check("jose verifies our ES256 token", async () =>
  jose.jwtVerify(ours.es256, jose.createLocalJWKSet({ keys: [JSON.parse(ours.es256_jwk)] }), { issuer: url, audience }));
await check("google-auth-library verifies our token by our certificates", async () => {
  const ticket = await new OAuth2Client().verifySignedJwtWithCertsAsync(
    ours.token, JSON.parse(ours.certificates), audience, [url]);
  return ticket.getPayload().email === email;
});
await check("google-auth-library refuses it for another audience", async () => {
  try {
    await new OAuth2Client().verifySignedJwtWithCertsAsync(ours.token, JSON.parse(ours.certificates), "x", [url]);
    return false;
  } catch (e) {
    return /audience/i.test(e.message);
  }
});

// ---- theirs, checked by us ----

const verify = (token, keys, more) => ask({
  what: "verify", token, keys: JSON.stringify(keys), audience, issuer: url, ...more,
});

for (const alg of ["RS256", "ES256"]) {
  const pair = await jose.generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await jose.exportJWK(pair.publicKey)), kid: "theirs", alg, use: "sig" };
  const sign = (claims = {}, key = pair.privateKey) =>
    new jose.SignJWT({ iss: url, aud: audience, iat: now, exp: now + 600, ...claims })
      .setProtectedHeader({ alg, kid: "theirs", typ: "JWT" }).sign(key);
  const set = { keys: [jwk] };

  await check(`we verify ${alg} of jose`, async () => verify(await sign(), set).claims.aud === audience);
  await check(`we verify ${alg} with several audiences`, async () =>
    verify(await sign({ aud: ["x", audience] }), set).claims.iss === url);
  await check(`we refuse ${alg} that has expired`, async () =>
    verify(await sign({ exp: now - 100 }), set).message === "token expired 100 s ago");
  await check(`we refuse ${alg} of another key`, async () =>
    verify(await sign({}, (await jose.generateKeyPair(alg)).privateKey), set).message ===
      "signature does not match key 'theirs'");
  await check(`we refuse ${alg} for another audience`, async () =>
    verify(await sign({ aud: "x" }), set).message === `audience 'x' is not '${audience}'`);
}
await check("we refuse HS256 signed with the public key", async () => {
  const spki = await jose.exportSPKI(await jose.importJWK(jwks.keys[0], "RS256"));
  const token = await new jose.SignJWT({ iss: url, aud: audience, exp: now + 600 })
    .setProtectedHeader({ alg: "HS256", kid: ours.kid }).sign(new TextEncoder().encode(spki));
  return verify(token, jwks).message === "algorithm 'HS256' is not allowed";
});
await check("we refuse an unsecured token", async () =>
  verify(new jose.UnsecuredJWT({ iss: url, aud: audience }).setExpirationTime("1h").encode(), jwks).message ===
    "algorithm 'none' is not allowed");

// ---- the same credentials, ours beside theirs ----

await check("our self-signed token claims what google-auth-library's does", async () => {
  const scopes = "https://www.googleapis.com/auth/cloud-platform";
  const step = ask({
    what: "step", scopes,
    credential: JSON.stringify({
      type: "service_account", client_email: email, private_key: ours.key, private_key_id: "kid",
    }),
  });
  const headers = new JWTAccess(email, ours.key, "kid").getRequestHeaders(undefined, undefined, scopes);
  const value = headers.get ? headers.get("authorization") : headers.Authorization;
  const theirs = value.replace("Bearer ", "");
  const a = jose.decodeJwt(step.token);
  const b = jose.decodeJwt(theirs);
  const header = (t) => jose.decodeProtectedHeader(t);
  return same(Object.keys(a).sort(), Object.keys(b).sort()) && a.iss === b.iss && a.sub === b.sub &&
    a.scope === b.scope && a.exp - a.iat === b.exp - b.iat && header(step.token).kid === header(theirs).kid &&
    header(step.token).alg === header(theirs).alg;
});

for (const sessionToken of [undefined, "session/token+with=signs"]) {
  await check(`our AWS subject token is google-auth-library's${sessionToken ? ", with a session" : ""}`, async () => {
    const keys = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
    const source = {
      environment_id: "aws1",
      regional_cred_verification_url:
        "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15",
    };
    const common = {
      type: "external_account", audience: "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
      subject_token_type: "urn:ietf:params:aws:token-type:aws4_request", token_url: "https://sts.googleapis.com/v1/token",
    };
    const client = new AwsClient({
      ...common,
      aws_security_credentials_supplier: {
        getAwsRegion: async () => "us-east-2",
        getAwsSecurityCredentials: async () => ({ ...keys, token: sessionToken }),
      },
    });
    const theirs = JSON.parse(decodeURIComponent(await client.retrieveSubjectToken()));
    const date = theirs.headers.find((h) => h.key === "x-amz-date").value;
    const at = Date.parse(date.replace(/(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/, "$1-$2-$3T$4:$5:$6Z")) / 1000;
    const env = {
      AWS_REGION: "us-east-2", AWS_ACCESS_KEY_ID: keys.accessKeyId, AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    };
    if (sessionToken) env.AWS_SESSION_TOKEN = sessionToken;
    const step = ask({
      what: "step", now: at, env, credential: JSON.stringify({ ...common, credential_source: source }),
    });
    const mine = JSON.parse(decodeURIComponent(new URLSearchParams(step.body).get("subject_token")));
    const sorted = (r) => r.headers.map((h) => `${h.key.toLowerCase()}: ${h.value}`).sort();
    if (mine.url !== theirs.url || mine.method !== theirs.method || !same(sorted(mine), sorted(theirs)))
      throw new Error(`${JSON.stringify(mine)}\n# ${JSON.stringify(theirs)}`);
  });
}

console.log(`1..${count}`);
process.exit(failed ? 1 : 0);
