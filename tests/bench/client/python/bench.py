"""bench.py MODE URL COUNT PREFIX: as ../mooncron.lua, with the official client, over REST or, where the
URL begins with grpc:, over gRPC."""
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from google.auth.credentials import AnonymousCredentials
from google.cloud import scheduler_v1
from google.cloud.scheduler_v1.services.cloud_scheduler.transports import (
    CloudSchedulerGrpcTransport,
    CloudSchedulerRestTransport,
)

mode, url, count, prefix = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
scheme, host = url.split("://")
if scheme == "grpc":
    import grpc

    transport = CloudSchedulerGrpcTransport(channel=grpc.insecure_channel(host))
else:
    transport = CloudSchedulerRestTransport(
        host=host, credentials=AnonymousCredentials(), url_scheme=scheme
    )
client = scheduler_v1.CloudSchedulerClient(transport=transport)
parent = client.common_location_path("bench", "us-central1")


def create(i):
    return client.create_job(
        request={
            "parent": parent,
            "job": {
                "name": client.job_path("bench", "us-central1", f"{prefix}-{i}"),
                "schedule": "0 0 1 1 *",
                "time_zone": "Europe/Berlin",
                "http_target": {
                    "uri": "http://127.0.0.1:1/",
                    "http_method": scheduler_v1.HttpMethod.POST,
                    "headers": {"Content-Type": "application/json"},
                    "body": b'{"n":1}',
                },
            },
        }
    )


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if mode == "cold":
    client.get_job(name=client.job_path("bench", "us-central1", prefix))
    print("done")
else:
    create(0)
    wall, cpu = time.monotonic(), cpu_seconds()
    if mode == "sequential":
        for i in range(1, count + 1):
            create(i)
    else:
        with ThreadPoolExecutor(50) as pool:
            list(pool.map(create, range(1, count + 1)))
    print(f"{time.monotonic() - wall:.3f}\t{cpu_seconds() - cpu:.3f}")
