---Invocations that gcloud and mooncron must answer alike, in order, against one server that begins empty.
---The first item follows `gcloud scheduler` or `mooncron` in a shell; $L is `--location=us-central1`, $D a
---folder that holds `body.txt`. `error`: standard error need only agree up to its code, or, with "exit",
---nothing but whether there is an error. `differs`: where mooncron means to do otherwise, and why; then
---there is no comparison.

local HTTP <const> = "--schedule='0 1 * * *' --uri=http://example.com/x"
local IDS <const> = " --format='value(name.basename())'"

return {
  -- ---- create http ----
  { "jobs create http h1 $L " .. HTTP, why = "defaults of create" },
  { "jobs create http h2 $L " .. HTTP .. " --http-method=GET --format=json", why = "a method in capitals" },
  { "jobs create http h3 $L " .. HTTP .. " --headers=A=1,B=x=y --message-body=hi --format=json",
    why = "headers" },
  { "jobs create http h4 $L " .. HTTP .. " --headers='^;^A=1,2;B=3;' --message-body-from-file=$D/body.txt"
    .. " --http-method=put --format=json", why = "a delimiter of one's own, a body from a file" },
  { "jobs create http h5 $L " .. HTTP .. " --oidc-service-account-email=a@p.iam.gserviceaccount.com"
    .. " --oidc-token-audience=aud --format=json", why = "an OIDC token" },
  { "jobs create http h6 $L --schedule='0 1 * * *' --uri=https://pubsub.googleapis.com/v1/x"
    .. " --oauth-service-account-email=a@p.iam.gserviceaccount.com --format=json", why = "an OAuth token" },
  { "jobs create http h7 $L " .. HTTP .. " --attempt-deadline=1m30s --max-retry-attempts=3"
    .. " --max-retry-duration=1h --min-backoff=10s --max-backoff=PT5M --max-doublings=2 --format=json",
    why = "durations in several spellings" },
  { "jobs create http h8 $L " .. HTTP .. " --time-zone=Europe/Berlin --description=\"it's: a #1\"",
    why = "a description that wants quotes in YAML" },
  { "jobs create http h9 $L " .. HTTP .. " --description=\"$(printf 'two\\nlines')\"",
    why = "a text of two lines" },
  { "jobs create http h10 $L " .. HTTP .. " --description='a text that is longer than the eighty columns in"
    .. " which YAML is folded by gcloud'", why = "folding" },
  { "jobs create http projects/p/locations/us-central1/jobs/h11 " .. HTTP .. " --format='value(name)'",
    why = "a full name instead of a location" },
  { "jobs create http h1 $L " .. HTTP, error = "code", why = "a job that is there" },
  { "jobs create http x $L --schedule='61 * * * *' --uri=http://x/",
    error = "code", why = "a bad schedule" },
  { "jobs create http x $L " .. HTTP .. " --time-zone=Mars/One", error = "code", why = "a bad zone" },
  { "jobs create http x $L " .. HTTP .. " --max-retry-attempts=6",
    error = "code", why = "too many retries" },
  { "jobs create http x $L --schedule='* * * * *'", error = "exit", why = "no URI" },
  { "jobs create http x $L --uri=http://x/", error = "exit", why = "no schedule" },
  { "jobs create http x $L --schedule='* * * * *' --uri=ftp://x/", error = "exit", why = "not HTTP" },
  { "jobs create http x $L " .. HTTP .. " --http-method=trace", error = "exit", why = "an unknown method" },
  { "jobs create http x $L " .. HTTP .. " --headers=A", error = "exit", why = "a header without a value" },
  { "jobs create http x $L " .. HTTP .. " --max-retry-attempts=two", error = "exit", why = "not a number" },
  { "jobs create http x $L " .. HTTP .. " --message-body=a --message-body-from-file=$D/body.txt",
    error = "exit", why = "two bodies" },
  { "jobs create http x $L " .. HTTP .. " --oidc-token-audience=a",
    error = "exit", why = "an audience alone" },
  { "jobs create http x $L " .. HTTP .. " --oidc-service-account-email=a --oauth-service-account-email=b",
    error = "exit", why = "two tokens" },
  { "jobs create http x $L " .. HTTP .. " --bogus", error = "exit", why = "an unknown flag" },
  { "jobs create http $L " .. HTTP, error = "exit", why = "no name" },
  -- ---- create pubsub and app-engine ----
  { "jobs create pubsub p1 $L --schedule='every 5 minutes' --topic=t --message-body=hello --format=json",
    why = "a topic by its id" },
  { "jobs create pubsub p2 $L --schedule='0 0 1 * *' --topic=projects/q/topics/t --attributes=a=b,c=d"
    .. " --format=json", why = "a full topic, attributes alone", error = "code" },
  { "jobs create pubsub p3 $L --schedule='0 0 1 * *' --topic=projects/p/topics/t --attributes=a=b,c=d"
    .. " --message-body-from-file=$D/body.txt", why = "attributes and a file" },
  { "jobs create pubsub x $L --schedule='0 0 1 * *' --topic=t",
    error = "exit", why = "nothing to publish" },
  { "jobs create pubsub x $L --schedule='0 0 1 * *' --message-body=x", error = "exit", why = "no topic" },
  { "jobs create app-engine a1 $L --schedule='0 0 1 * *'", why = "defaults of App Engine" },
  { "jobs create app-engine a2 $L --schedule='0 0 1 * *' --relative-url=/x --service=s --version=v"
    .. " --http-method=delete --headers=X-A=1 --attempt-deadline=20s --format=json", why = "routing" },
  { "jobs create app-engine x $L --schedule='0 0 1 * *' --relative-url=x",
    error = "exit", why = "no slash" },
  -- ---- describe ----
  { "jobs describe h7 $L", why = "YAML by default" },
  { "jobs describe h7 $L --format=json", why = "JSON" },
  { "jobs describe projects/p/locations/us-central1/jobs/h7 --format='value(schedule,retryConfig)'",
    why = "a map in a value" },
  { "jobs describe h3 $L --format='json(name.basename(),httpTarget.headers)'",
    why = "a projection of JSON" },
  { "jobs describe h3 $L --format='yaml(httpTarget.uri,retryConfig.maxDoublings)'", why = "of YAML" },
  { "jobs describe h3 $L --format='table(name,state,retryConfig.maxDoublings)'", why = "a table of one" },
  { "jobs describe nope $L", error = "code", why = "no such job" },
  { "jobs describe $L", error = "exit", why = "no name" },
  -- ---- list ----
  { "jobs list $L", why = "the table" },
  { "jobs list $L --format=json", why = "all as JSON" },
  { "jobs list $L --format=yaml --limit=2", why = "documents of YAML" },
  { "jobs list $L --uri --limit=1", why = "URLs" },
  { "jobs list $L --filter='state=ENABLED AND name~h[12]$' --format='value(name.basename(),state)'",
    why = "AND and a regular expression" },
  { "jobs list $L --filter='name:h1'" .. IDS, why = "`:` finds a part" },
  { "jobs list $L --filter='httpTarget:*'" .. IDS, why = "a key that is there" },
  { "jobs list $L --filter='NOT httpTarget:*'" .. IDS, why = "and that is not" },
  { "jobs list $L --filter='-httpTarget:* AND (schedule=\"0 0 1 * *\" OR schedule:every*)'"
    .. "" .. IDS, why = "minus, parentheses, quotes, a prefix" },
  { "jobs list $L --filter='retryConfig.maxDoublings<5'" .. IDS, why = "numbers" },
  { "jobs list $L --filter='retryConfig.maxDoublings>=5 AND timeZone!=Etc/UTC'" .. IDS,
    why = "not equal" },
  { "jobs list $L --filter='scheduleTime>2001-01-01 AND name:p'" .. IDS,
    why = "instants" },
  { "jobs list $L --filter='httpTarget.httpMethod=(GET PUT)'" .. IDS, why = "one of" },
  { "jobs list $L --filter='hello OR berlin'" .. IDS, why = "words anywhere" },
  { "jobs list $L --filter='name!~h' --format='csv(name.basename(),state,pubsubTarget.attributes)'",
    why = "csv" },
  { "jobs list $L --format='csv[no-heading](name.basename(),schedule.split(\" \"))' --limit=3",
    why = "a list" },
  { "jobs list $L --format='value[separator=\",\"](name.basename(),state.lower())' --limit=2",
    why = "a separator" },
  { "jobs list $L --sort-by=~name" .. IDS, why = "backwards" },
  { "jobs list $L --sort-by=~name --limit=3" .. IDS,
    differs = "gcloud sorts what the limit has left, against its own documentation",
    why = "the last three" },
  { "jobs list $L --sort-by=schedule,~name --format='table(name.basename():label=X,schedule)'",
    why = "two keys" },
  { "jobs list $L --format='table(name.basename(),schedule:sort=1,timeZone:label=TZ)' --limit=3",
    why = "a table sorts what the limit has left" },
  { "jobs list $L"
    .. " --format='table[no-heading](name.basename(),scheduleTime.date(\"%H:%M\",tz=Asia/Kolkata))'"
    .. " --filter='name:h8'", why = "no heading, dates in a zone" },
  { "jobs list $L"
    .. " --format='value(format(\"{0}/{1}\",name.segment(3),name.basename()),pubsubTarget.yesno(yes=P,no=n))'"
    .. " --limit=3 --page-size=2", why = "functions, pages" },
  { "jobs list $L --filter=name:zz", why = "nothing, as a table" },
  { "jobs list $L --filter=name:zz --format=json", why = "nothing, as JSON" },
  { "jobs list $L --filter='a=b AND c=d OR e=f'", error = "exit", why = "AND and OR want parentheses" },
  { "jobs list $L --format=value", error = "exit", why = "a value of nothing" },
  { "jobs list $L --format=foo", error = "exit", why = "an unknown format" },
  { "jobs list $L extra", error = "exit", why = "a word too many" },
  -- ---- formats and functions ----
  { "jobs describe p1 $L --format=flattened", why = "flattened" },
  { "jobs list $L --limit=3 --format='flattened[no-pad](name.basename():label=ID,state,retryConfig)'",
    why = "flattened, a label, no padding" },
  { "jobs describe h3 $L --format='text(name,httpTarget.uri)'", why = "text" },
  { "jobs list $L --limit=3 --format='list(name.basename(),schedule)'", why = "list" },
  { "jobs list $L --limit=3 --format='list[compact,title=Jobs](name.basename(),schedule)'",
    why = "list on a line, with a title" },
  { "jobs describe p1 $L --format=config", why = "config" },
  { "jobs describe p3 $L --format='config[export](name,pubsubTarget)'", why = "commands for a shell" },
  { "jobs list $L --limit=3 --format='table[box](name.basename():label=ID,schedule,state)'", why = "a box" },
  { "jobs list $L --limit=3 --format='table[all-box,title=Jobs](name.basename(),timeZone:align=right)'",
    why = "all boxes, a title" },
  { "jobs list $L --limit=3"
    .. " --format='table[title=Jobs,pad=4](name.basename():width=12,nothing:optional,state)'",
    why = "a title, a width, a column that may be absent" },
  { "jobs list $L --limit=4"
    .. " --format='value(attemptDeadline.duration(),retryConfig.maxBackoffDuration.duration(parts=1))'",
    why = "durations" },
  { "jobs list $L --limit=3"
    .. " --format='value(name.sub(jobs,J),name.sub(JOBS,x,ignorecase=false),name.segment(1))'",
    why = "sub" },
  { "jobs list $L --limit=3"
    .. " --format='value(name.regex(\"p.*h1$\",does_match=yes),name.scope(),name.scope(jobs))'",
    why = "regex, scope" },
  { "jobs describe p3 $L"
    .. " --format='value(pubsubTarget.attributes.list(),pubsubTarget.attributes.list(show=keys),"
    .. "pubsubTarget.attributes.flatten(show=values))'", why = "maps as texts" },
  { "jobs describe p3 $L --format='value(name.split(/).slice(1:4).join(-),name.split(/).map().upper())'",
    why = "lists, item by item" },
  { "jobs describe p3 $L"
    .. " --format='value(name.split(/).len(),name.split(/).count(),name.split(/).sort().group())'",
    why = "lists counted, sorted, grouped" },
  { "jobs describe h7 $L --format='value(retryConfig.retryCount.float(),retryConfig.retryCount.size(),"
    .. "description.yesno(yes=Y,no=N),name.trailoff(12),nothing.uri())'", why = "numbers and others" },
  { "jobs describe h7 $L"
    .. " --format='value(nothing.firstof(a),firstof(nothing,timeZone),extract(timeZone,nothing))'",
    why = "the first, and all that are there" },
  { "jobs describe h7 $L --format='json(nothing)'", why = "JSON of nothing" },
  { "jobs describe h7 $L --format='value(name.nofun())'", error = "exit", why = "an unknown function" },
  -- ---- run, pause, resume ----
  { "jobs pause h1 $L", why = "the sentence goes to standard error" },
  { "jobs describe h1 $L --format='value(state)'", why = "it is paused" },
  { "jobs run h1 $L", error = "code", why = "a paused job does not run" },
  { "jobs resume h1 $L", why = "back again" },
  { "jobs run a1 $L", why = "nothing is printed" },
  { "jobs pause nope $L", error = "code", why = "no such job" },
  { "jobs pause h2 $L --format=json", differs = "gcloud prints [] where the job is",
    why = "output of pause" },
  -- ---- update ----
  { "jobs update http h3 $L --schedule='5 4 * * *' --description=new --format=json", why = "leaves alone" },
  { "jobs update http h3 $L --uri=https://example.com/y --http-method=put --message-body=b2 --format=json",
    why = "of the target" },
  { "jobs update http h3 $L --clear-headers --format=json", why = "clearing" },
  { "jobs update http h3 $L --clear-message-body --format=json",
    differs = "gcloud leaves the body out of the mask, so that it stays", why = "no body" },
  { "jobs update http h7 $L --clear-max-retry-attempts --clear-max-retry-duration --clear-min-backoff"
    .. " --clear-max-backoff --clear-max-doublings --clear-time-zone --format=json",
    why = "clearing to defaults" },
  { "jobs update http h5 $L --clear-auth-token --format=json", why = "no token" },
  { "jobs update http h5 $L --oauth-service-account-email=b@p.iam.gserviceaccount.com"
    .. " --uri=https://pubsub.googleapis.com/y --format=json", why = "another token" },
  { "jobs update pubsub p1 $L --topic=u --message-body=new --max-retry-attempts=2 --format=json",
    why = "pubsub" },
  { "jobs update pubsub p3 $L --clear-attributes --format=json", why = "attributes away" },
  { "jobs update app-engine a2 $L --clear-service --clear-relative-url --version=w --format=json",
    why = "clearing to App Engine's defaults" },
  { "jobs update app-engine a2 $L --clear-headers --message-body=x --http-method=post --format=json",
    differs = "gcloud never sends the method of App Engine, so that the body is refused",
    why = "a method" },
  { "jobs update http h4 $L --update-headers=B=4 --format=json",
    differs = "gcloud sends the changed headers alone, which a server that replaces maps takes for all",
    why = "editing headers" },
  { "jobs update http nope $L --description=x", error = "code", why = "no such job" },
  { "jobs update http h3 $L --clear-headers --update-headers=A=1", error = "exit", why = "clear and edit" },
  -- ---- delete, locations ----
  { "jobs delete h1 $L --quiet", why = "without a question" },
  { "jobs delete h2 $L -q --format=json", why = "the empty answer" },
  { "jobs delete h3 $L </dev/null", error = "exit", why = "nobody to ask" },
  { "echo n | TOOL jobs delete h3 $L", error = "exit", why = "no" },
  { "echo y | TOOL jobs delete h3 $L", why = "yes" },
  { "jobs delete h3 $L --quiet", error = "code", why = "no such job" },
  { "locations list --limit=3", why = "the table" },
  { "locations list --filter='locationId~^europe-west[1-3]$' --format='value(locationId)'",
    why = "a filter" },
  { "locations list --format=json --limit=1", why = "JSON" },
  { "locations describe us-central1", why = "YAML" },
  { "jobs frob", error = "exit", why = "no such command" },
}
