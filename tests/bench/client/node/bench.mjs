// node bench.mjs MODE URL COUNT PREFIX: as ../mooncron.lua, with the official client, over
// REST or, where the URL begins with grpc:, over gRPC.
import { createRequire } from "node:module";
const { CloudSchedulerClient } = createRequire(import.meta.url)("@google-cloud/scheduler");

const [mode, url, count, prefix] = process.argv.slice(2);
const near = createRequire(createRequire(import.meta.url).resolve("google-gax"));
const { hostname, port, protocol } = new URL(url);
const transport = protocol === "grpc:"
  ? { sslCreds: near("@grpc/grpc-js").credentials.createInsecure() }
  : { fallback: true, protocol: "http" };
const { PassThroughClient } = near("google-auth-library"); // the local servers want no credentials

const client = new CloudSchedulerClient({
  apiEndpoint: hostname,
  port: Number(port),
  projectId: "bench",
  authClient: new PassThroughClient(),
  ...transport,
});

const parent = client.locationPath("bench", "us-central1");

function create(i) {
  return client.createJob({
    parent,
    job: {
      name: client.jobPath("bench", "us-central1", `${prefix}-${i}`),
      schedule: "0 0 1 1 *",
      timeZone: "Europe/Berlin",
      httpTarget: {
        uri: "http://127.0.0.1:1/",
        httpMethod: "POST",
        headers: { "Content-Type": "application/json" },
        body: Buffer.from('{"n":1}').toString("base64"),
      },
    },
  });
}

if (mode === "cold") {
  await client.getJob({ name: client.jobPath("bench", "us-central1", prefix) });
  console.log("done");
} else {
  await create(0);
  const wall = process.hrtime.bigint();
  const cpu = process.cpuUsage();
  if (mode === "sequential") {
    for (let i = 1; i <= count; i++) await create(i);
  } else {
    let next = 1;
    await Promise.all(Array.from({ length: 50 }, async () => {
      while (next <= count) await create(next++);
    }));
  }
  const used = process.cpuUsage(cpu);
  const seconds = Number(process.hrtime.bigint() - wall) / 1e9;
  console.log(`${seconds.toFixed(3)}\t${((used.user + used.system) / 1e6).toFixed(3)}`);
}
