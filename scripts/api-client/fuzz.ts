// fuzz asks every operation with values that its description draws, right ones and wrong ones, and holds every answer to it.
import fc from "fast-check";
import { type Json, Spec } from "./spec.js";

const base = process.env["SONDE_URL"]!, token = process.env["SONDE_TOKEN"]!;
const runs = Number(process.env["SONDE_RUNS"] ?? 100), seed = Number(process.env["SONDE_SEED"] ?? Date.now() % 2 ** 31);
const auth = { Authorization: `Bearer ${token}` };
const spec = new Spec((await (await fetch(`${base}/api/v1/openapi.json`)).json()) as Json);

// What exists, so that not every identifier is unknown.
const get = async (path: string) => (await (await fetch(base + path, { headers: auth })).json()) as Json;
const audits = (await get("/api/v1/audits?limit=20")).items.map((a: Json) => a.audit as string);
const flags = (await get("/api/v1/flags?limit=200")).items as Json[];
const known: Record<string, string[]> = {
  audit: [...audits, ...flags.slice(0, 50).map((f) => f["audit"])],
  structure: (await get("/api/v1/structures?limit=20")).items.map((s: Json) => s.structure),
  sha256: (await get("/api/v1/audits?limit=1000&result=answered")).items.map((a: Json) => a.evidence).filter(Boolean),
  cursor: [(await get("/api/v1/audits?limit=1")).next, (await get("/api/v1/flags?limit=1")).next, (await get("/api/v1/structures?limit=1")).next].filter(Boolean),
  campaign: ["demo"],
  kind: ["mairie", "unsure-class", "spoiled"],
};
const hostile = fc.oneof(fc.string(), fc.fullUnicodeString({ maxLength: 300 }), fc.constantFrom("", "-", "null", "NaN", "1e400", "-1", "0", "9007199254740993", "../../etc/passwd",
  "%00", "\u0000", "'; DROP TABLE audits; --", "<script>alert(1)</script>", "a".repeat(5000), "true", "[]", "{}"));

// from draws values of a schema.
function from(schema: Json): fc.Arbitrary<unknown> {
  const s = spec.resolve(schema);
  if (s["enum"]) return fc.constantFrom(...s["enum"]);
  switch (Array.isArray(s["type"]) ? s["type"][0] : s["type"]) {
    case "integer": return fc.oneof(fc.integer({ min: s["minimum"] ?? 0, max: Math.min(s["maximum"] ?? 1000, 2 ** 31) }), fc.constantFrom(s["minimum"] ?? 0, s["maximum"] ?? 1000));
    case "number": return fc.double({ noNaN: true });
    case "boolean": return fc.boolean();
    case "array": return fc.array(from(s["items"]), { maxLength: 3 });
    case "object": {
      const required: string[] = s["required"] ?? [];
      return fc.record(Object.fromEntries(Object.entries<Json>(s["properties"] ?? {}).map(([k, v]) => [k, from(v)])), { requiredKeys: required });
    }
  }
  if (s["pattern"]) return fc.stringMatching(new RegExp(s["pattern"]));
  return fc.string({ minLength: s["minLength"] ?? 0, maxLength: Math.min(s["maxLength"] ?? 50, 50) });
}
const nearly = (a: fc.Arbitrary<unknown>, name: string) => fc.oneof({ weight: 6, arbitrary: known[name] ? fc.oneof(a, fc.constantFrom(...known[name]!)) : a }, { weight: 1, arbitrary: hostile });

// seldom leaves a value out, so that about one of n is there.
const seldom = (a: fc.Arbitrary<unknown>, n: number) => fc.oneof({ weight: n, arbitrary: fc.constant(undefined) }, { weight: 2, arbitrary: a });

const counts: Record<number, number> = {};
const faults: string[] = [];
for (const { path, method, op } of spec.operations()) {
  const parameters = ((op["parameters"] ?? []) as Json[]).map((p) => spec.resolve(p));
  const draw: Record<string, fc.Arbitrary<unknown>> = {};
  for (const p of parameters) {
    const a = nearly(from(p["schema"]), p["name"]);
    draw[`${p["in"]} ${p["name"]}`] = p["required"] ? a : seldom(a, parameters.length);
  }
  draw["stray"] = seldom(fc.tuple(fc.string({ minLength: 1, maxLength: 10 }), hostile), 15);
  draw["accept"] = seldom(fc.constantFrom("application/json", "*/*", "text/html", "application/*;q=0.1", ";;;"), 5);
  draw["head"] = fc.boolean();
  if (op["requestBody"]) {
    const right = from(op["requestBody"].content["application/json"].schema);
    draw["body"] = fc.oneof(right.map((x) => JSON.stringify(x)), fc.json(), fc.string(), fc.constantFrom("", "null", "[".repeat(20000), '{"flag":"x","flag":"y"}'));
    draw["type"] = fc.oneof({ weight: 9, arbitrary: fc.constantFrom("application/json", "application/json; charset=utf-8") }, { weight: 1, arbitrary: fc.constantFrom("text/plain", "") });
    // A flag and its audit together, so that verdicts are written too.
    draw["flag"] = fc.option(fc.constantFrom(...flags), { nil: undefined });
  }
  const property = fc.asyncProperty(fc.record(draw as Record<string, fc.Arbitrary<any>>), async (x) => {
    if (x["flag"]) {
      x["path audit"] = x["flag"].audit;
      x["body"] = JSON.stringify({ flag: x["flag"].kind, mail: x["flag"].mail, verdict: "confirm" });
    }
    let url = path;
    const query = new URLSearchParams(), headers = new Headers(auth);
    for (const p of parameters) {
      const v = x[`${p["in"]} ${p["name"]}`];
      if (p["in"] === "path") url = url.replace(`{${p["name"]}}`, encodeURIComponent(String(v).toWellFormed?.() ?? String(v).replace(/[\ud800-\udfff]/g, "?")) || "%20");
      else if (v === undefined) continue;
      else if (p["in"] === "query") query.set(p["name"], String(v));
      else if (/^[\x21-\x7e]*$/.test(String(v))) headers.set(p["name"], String(v));
    }
    if (/\/\.{1,2}(\/|$)|\/%2[eE]/.test(url)) return; // the URL's own rules fold these away
    if (x["stray"]) query.append(x["stray"][0], x["stray"][1]);
    if (x["accept"]) headers.set("Accept", x["accept"]);
    if (x["body"] !== undefined && x["type"]) headers.set("Content-Type", x["type"]);
    const target = base + url + (query.size ? "?" + query : "");
    const head = method === "get" && x["head"] && runs > 0 && Math.abs(target.length % 10) === 0;
    const r = await fetch(target, { method: head ? "HEAD" : method.toUpperCase(), headers, body: x["body"], redirect: "manual" });
    const body = await r.text();
    counts[r.status] = (counts[r.status] ?? 0) + 1;
    if (r.status >= 500) throw new Error(`${r.status} ${target} ${x["body"] ?? ""}: ${body}`);
    if (head) return;
    const fault = spec.fault(path, method, r.status, r.headers.get("content-type"), body);
    if (fault) throw new Error(`${method} ${target} ${x["body"] ?? ""}: ${fault}`);
  });
  const result = await fc.check(property, { numRuns: runs, seed, endOnFailure: true });
  if (result.failed) faults.push(`${op["operationId"]} (seed ${seed}): ${result.errorInstance ?? result.counterexample}`);
}
for (const f of faults) console.error(f);
console.log(JSON.stringify({ runs, seed, answers: counts, faults: faults.length }));
process.exit(faults.length ? 1 : 0);
