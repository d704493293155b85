# Deploys the jobs: bash create.sh
set -euo pipefail
PROJECT=my-project

# the nightly report
gcloud scheduler jobs create http nightly-report --location=europe-west1 \
  --schedule "0 2 * * *" --time-zone="Europe/Berlin" \
  --uri=https://example.com/report --http-method GET \
  --headers "Accept=application/json,X-Team=data" --attempt-deadline=5m \
  --max-retry-attempts 3 --min-backoff=10s --quiet

gcloud scheduler jobs create pubsub tick --location=europe-west1 --project=other \
  --schedule="* * * * *" --topic=ticks --attributes='^;^list=a,b;kind=x' --message-body="tick
tock"
gcloud scheduler jobs pause tick --location=europe-west1 --project=other

gcloud scheduler jobs create app-engine clean --location=europe-west1 --schedule='every 12 hours' \
  --service=worker --relative-url=/clean
gcloud scheduler jobs create http known --location=europe-west1 --schedule='* * * * *' --uri="https://${PROJECT}.example.com/"
gcloud scheduler jobs create http lost --location=$REGION --schedule='* * * * *' --uri=https://example.com/
gcloud scheduler jobs create http filed --location=europe-west1 --schedule='* * * * *' --uri=https://example.com/ \
  --message-body-from-file=body.json
gcloud scheduler jobs create http odd --location=europe-west1 --schedule='* * * * *' --uri=https://example.com/ --colour=red
gcloud services enable cloudscheduler.googleapis.com
