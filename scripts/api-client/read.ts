// read pulls every address through the client that is generated from the description, and holds every answer to it.
import createClient, { type Middleware } from "openapi-fetch";
import { createHash, randomUUID } from "node:crypto";
import type { paths } from "./api.js";
import { type Json, Spec } from "./spec.js";

const base = process.env["SONDE_URL"]!, token = process.env["SONDE_TOKEN"]!;
const auth = { Authorization: `Bearer ${token}` };
const spec = new Spec((await (await fetch(`${base}/api/v1/openapi.json`)).json()) as Json);
const seen = new Set<string>();
const faults: string[] = [];

function note(schemaPath: string, method: string, response: Response, body: string) {
  seen.add(`${method.toUpperCase()} ${schemaPath}`);
  const fault = spec.fault(schemaPath, method.toLowerCase(), response.status, response.headers.get("content-type"), body);
  if (fault) faults.push(`${method} ${response.url}: ${fault}`);
}

const check: Middleware = {
  async onResponse({ request, response, schemaPath }) {
    note(schemaPath, request.method, response, await response.clone().text());
    return undefined;
  },
};
const client = createClient<paths>({ baseUrl: base, headers: auth });
client.use(check);

function must<T>(x: { data?: T; error?: unknown }): T {
  if (x.data === undefined) throw new Error(JSON.stringify(x.error));
  return x.data;
}
function same(what: string, got: unknown, want: unknown) {
  if (JSON.stringify(got) !== JSON.stringify(want)) faults.push(`${what}: ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
}

// pull reads a file or a stream, which the generated client leaves to its caller.
async function pull(path: keyof paths & string, query = ""): Promise<Response> {
  const r = await fetch(base + path + query, { headers: auth });
  note(path, "GET", r, "");
  if (!r.ok) throw new Error(`${path}: ${r.status}`);
  return r;
}

const campaigns = must(await client.GET("/api/v1/campaigns")).items;
same("campaigns", campaigns.length, 1);

const structures = [];
for (let cursor: string | undefined; ; ) {
  const page = must(await client.GET("/api/v1/structures", { params: { query: { limit: 7, cursor } } }));
  structures.push(...page.items);
  if (!(cursor = page.next)) break;
}
const one = must(await client.GET("/api/v1/structures/{structure}", { params: { path: { structure: structures[0]!.structure } } }));
same("a structure by itself", one, structures[0]);
same("structures that are found", must(await client.GET("/api/v1/structures", { params: { query: { q: "SAINT exemple-3" } } })).items.length > 0, true);

const audits = [];
for (let cursor: string | undefined; ; ) {
  const page = must(await client.GET("/api/v1/audits", { params: { query: { limit: 50, sort: "due", cursor } } }));
  audits.push(...page.items);
  if (!(cursor = page.next)) break;
}
same("audits, each once", new Set(audits.map((a) => a.audit)).size, audits.length);
const lines = (await (await pull("/api/v1/outcomes")).text()).trim().split("\n");
same("audits of the stream", lines.length, audits.length);
same("structures' audits", structures.reduce((n, s) => n + s.audits, 0), audits.length);
const csv = (await (await pull("/outcomes.csv", "?channel=mail&result=counted")).text()).trim().split("\n");
const counted = audits.filter((a) => a.channel === "mail" && ["answered", "silent", "unreachable"].includes(a.result));
same("rows of the table", csv.length - 1, counted.length);
same("a Parquet file", Buffer.from(await (await pull("/outcomes.parquet")).arrayBuffer()).subarray(0, 4).toString(), "PAR1");
same("metrics", (await (await pull("/metrics")).text()).includes("sonde_audits{"), true);
same("the description in YAML", (await (await fetch(`${base}/api/v1/openapi.yaml`)).text()).startsWith("openapi: 3.1.0"), true);
seen.add("GET /api/v1/openapi.yaml").add("GET /api/v1/openapi.json");

// The scores: every structure once, and its items' gains are what it is short of 100.
const scores = [];
for (let cursor: string | undefined; ; ) {
  const page = must(await client.GET("/api/v1/scores", { params: { query: { limit: 9, cursor } } }));
  scores.push(...page.items);
  if (!(cursor = page.next)) break;
}
same("scores, one a structure", new Set(scores.map((s) => s.structure)).size, structures.length);
const judged = scores.find((s) => s.audits > 1)!;
const items = must(await client.GET("/api/v1/structures/{structure}/items", { params: { path: { structure: judged.structure } } })).items;
same("gains", items.reduce((n, i) => n + i.gain, 0).toFixed(6), (100 - judged.score.value!).toFixed(6));

// The figures, from the pages that were pulled: the share of the counted that answered at all, before the deadline.
const figures = must(await client.GET("/api/v1/figures", { params: { query: { by: "sector", points: 5000 } } }));
same("counted", figures.all.counted, counted.length);
same("answered", figures.all.answered, counted.filter((a) => a.result === "answered").length);
same("groups", figures.groups.reduce((n, g) => n + g.counted, 0), counted.length);
const report = (await (await pull("/api/v1/report", "?by=sector")).text()).trim().split("\n").map((l) => JSON.parse(l));
const { curve, ...all } = figures.all;
// Between two questions an audit that runs is followed a moment longer: sums of areas then differ in their last digit.
const rounded = (x: unknown) => JSON.parse(JSON.stringify(x), (_, v) => (typeof v === "number" ? Number(v.toPrecision(12)) : v));
same("the total of the report", rounded(all), rounded(report[0]));
// Kaplan–Meier by hand: at each delay the share that is left is multiplied by what did not answer of those at risk.
const subjects = counted.map((a) => ({ t: a.result === "answered" && !a.late ? a.delay_ms! : a.followed_ms!, event: a.result === "answered" && !a.late }));
let left = 1;
for (const t of [...new Set(subjects.filter((s) => s.event).map((s) => s.t))].sort((a, b) => a - b)) {
  const risk = subjects.filter((s) => s.t >= t).length, events = subjects.filter((s) => s.event && s.t === t).length;
  left *= (risk - events) / risk;
  const step = curve.find((s) => s.delay_ms === t);
  if (!step || Math.abs(step.share - (1 - left)) > 1e-9) faults.push(`the curve at ${t} ms: ${step?.share}, by hand ${1 - left}`);
}

const answered = audits.find((a) => a.result === "answered")!;
const path = { audit: answered.audit };
const detail = must(await client.GET("/api/v1/audits/{audit}", { params: { path } }));
same("the audit by itself", detail.delay_ms, answered.delay_ms);
const events = must(await client.GET("/api/v1/audits/{audit}/events", { params: { path } })).items;
same("events", events.length, answered.events);
const sha256 = answered.evidence;
const evidence = await fetch(`${base}/api/v1/evidence/${sha256}`, { headers: auth });
note("/api/v1/evidence/{sha256}", "GET", evidence, "");
same("evidence", createHash("sha256").update(Buffer.from(await evidence.arrayBuffer())).digest("hex"), sha256);

const flags = must(await client.GET("/api/v1/flags", { params: { query: { kind: "unsure-class", limit: 1000 } } })).items;
const flag = flags[0]!;
const about = { audit: flag.audit };
const key = randomUUID();
const verdict = { flag: "unsure-class", verdict: "confirm", mail: flag.mail } as const;
const sign = () => client.POST("/api/v1/audits/{audit}/verdicts", { params: { path: about, header: { "Idempotency-Key": key } }, body: verdict });
const signed = must(await sign());
same("the verdict again", must(await sign()), signed);
same("verdicts", must(await client.GET("/api/v1/audits/{audit}/verdicts", { params: { path: about } })).items.map((v) => v.n), [signed.n]);
same("the flag is answered", must(await client.GET("/api/v1/audits/{audit}/flags", { params: { path: about } })).items.find((x) => x.kind === "unsure-class")?.open, false);
await client.DELETE("/api/v1/audits/{audit}/verdicts/{n}", { params: { path: { ...about, n: signed.n } } });
same("withdrawn", must(await client.GET("/api/v1/audits/{audit}/verdicts", { params: { path: about } })).items, []);

same("probers", must(await client.GET("/api/v1/probers")).items.map((p) => p.answers), [true, false]);

same("webhooks", must(await client.GET("/api/v1/webhooks")).items.map((w) => [w.webhook, w.pending]), [["bi", 2]]);

let hash: Buffer = Buffer.alloc(32), n = 0;
for (;;) {
  const page = must(await client.GET("/api/v1/trail", { params: { query: { after: n, limit: 5 } } }));
  for (const r of page.items) {
    hash = createHash("sha256").update(hash).update(Buffer.from(r.raw, "base64")).digest();
    n = r.n;
    if (hash.toString("hex") !== r.hash) faults.push(`record ${r.n} does not follow`);
  }
  if (page.items.length === 0) {
    same("the head of the trail", page.head, { hash: hash.toString("hex"), n });
    break;
  }
}

for (const { path, method } of spec.operations()) {
  if (!seen.has(`${method.toUpperCase()} ${path}`)) faults.push(`${method} ${path} was not read`);
}
for (const f of faults) console.error(f);
console.log(JSON.stringify({ operations: seen.size, audits: audits.length, structures: structures.length, faults: faults.length }));
process.exit(faults.length ? 1 : 0);
