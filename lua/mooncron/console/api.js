// Talking to the scheduler: requests with the token, and the events that it sends.

const KEY = "mooncron.token";

let askForToken = async () => { throw new Error("no token"); };
export const onTokenWanted = (fn) => { askForToken = fn; };

const headers = () => {
  const token = sessionStorage.getItem(KEY);
  return token ? { Authorization: `Bearer ${token}` } : {};
};

let asking = null;

async function newToken(wasWrong) {
  asking = asking || askForToken(wasWrong).finally(() => { asking = null; });
  sessionStorage.setItem(KEY, await asking);
}

/** A request; asks for the token when it is wanted. */
async function send(path, options) {
  for (;;) {
    const sent = headers();
    const response = await fetch(path, { ...options, headers: { ...options.headers, ...sent }, cache: "no-store" });
    if (response.status !== 401) return response;
    if (sent.Authorization === headers().Authorization) await newToken("Authorization" in sent);
  }
}

async function problemOf(response) {
  const body = await response.json().catch(() => null);
  return body?.error?.message || `the server answered ${response.status}`;
}

/** GET: the value, or an Error whose message is one line for people. */
export async function get(path, parameters) {
  const query = new URLSearchParams(Object.entries(parameters || {}).filter(([, value]) => value !== undefined));
  const response = await send(`/mooncron/console/${path}${query.size ? `?${query}` : ""}`, {});
  if (!response.ok) throw Object.assign(new Error(await problemOf(response)), { status: response.status });
  return response.json();
}

/** run, pause or resume a job by its full name. */
export async function act(name, verb) {
  const response = await send(`/v1/${name}:${verb}`,
    { method: "POST", body: "{}", headers: { "Content-Type": "application/json", "Mooncron-Console": "1" } });
  if (!response.ok) throw new Error(await problemOf(response));
  return response.json();
}

/** One event of a stream's text: { event, data }. */
function parseEvent(text) {
  const event = { event: "message", data: "" };
  for (const line of text.split("\n")) {
    if (line.startsWith("event: ")) event.event = line.slice(7);
    if (line.startsWith("data: ")) event.data += line.slice(6);
  }
  return event;
}

async function follow(handlers) {
  const response = await send("/mooncron/console/events", {});
  if (!response.ok) throw new Error(await problemOf(response));
  await handlers.open();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts) {
      const { event, data } = parseEvent(part);
      if (handlers[event]) handlers[event](JSON.parse(data));
    }
  }
}

/**
 * Listen for ever. `open` is called at each beginning, as what happened meanwhile is not known. Not
 * EventSource: that cannot send the token.
 */
export async function listen(handlers) {
  for (let pause = 500; ; pause = Math.min(pause * 2, 15000)) {
    try {
      await follow({ ...handlers, open: async () => { await handlers.open(); pause = 500; } });
    } catch { /* the server is away: again, later */ }
    handlers.closed();
    await new Promise((resolve) => { setTimeout(resolve, pause); });
  }
}
