// node grpc_server.mjs: the two methods that the bench calls, over gRPC, with the client's own protos. Jobs
// are kept as they come, in memory: no rules, no defaults, no disk. Prints its URL.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);
const near = createRequire(require.resolve("google-gax"));
const grpc = near("@grpc/grpc-js");
const { scheduler } = grpc.loadPackageDefinition(
  near("@grpc/proto-loader").loadSync("google/cloud/scheduler/v1/cloudscheduler.proto", {
    includeDirs: ["@google-cloud/scheduler", "google-gax"].map((name) =>
      join(dirname(require.resolve(name)), "../protos")),
    keepCase: true,
  }),
).google.cloud;

const jobs = new Map();
const server = new grpc.Server();

server.addService(scheduler.v1.CloudScheduler.service, {
  CreateJob({ request }, done) {
    jobs.set(request.job.name, request.job);
    done(null, request.job);
  },
  GetJob({ request }, done) {
    const job = jobs.get(request.name);
    done(job ? null : { code: grpc.status.NOT_FOUND, details: "Job not found." }, job);
  },
});

server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(`grpc://127.0.0.1:${port}`);
});
