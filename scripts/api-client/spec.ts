// spec holds answers to the description: every body must have the shape that the description gives its status, keys that are
// not described included.
import { Ajv2020 as Ajv } from "ajv/dist/2020.js";
import type { ValidateFunction } from "ajv";
import addFormats from "ajv-formats";

export type Json = Record<string, any>;

export class Spec {
  private readonly ajv = new Ajv({ strict: false, allErrors: true, validateFormats: true });
  private readonly known = new Map<string, ValidateFunction>();

  constructor(readonly doc: Json) {
    (addFormats as unknown as (a: unknown) => void)(this.ajv);
    const closed = structuredClone(doc);
    const parts = new Set<string>(); // of an allOf: what they do not name another part may
    const walk = (x: any, visit: (s: Json) => void) => {
      if (x && typeof x === "object") {
        if (!Array.isArray(x)) visit(x);
        for (const v of Object.values(x)) walk(v, visit);
      }
    };
    walk(closed["components"].schemas, (s) => (s["allOf"] ?? []).forEach((p: Json) => p["$ref"] && parts.add(p["$ref"].split("/").pop())));
    for (const [name, s] of Object.entries<Json>(closed["components"].schemas)) {
      if (parts.has(name) || s["additionalProperties"] !== undefined) continue;
      if (s["properties"] || s["allOf"]) s["unevaluatedProperties"] = false;
    }
    this.ajv.addSchema(closed, "spec", false, false);
  }

  operations(): { path: string; method: string; op: Json }[] {
    const out = [];
    for (const [path, item] of Object.entries<Json>(this.doc["paths"])) {
      for (const method of ["get", "post", "delete"]) if (item[method]) out.push({ path, method, op: item[method] });
    }
    return out;
  }

  resolve(x: Json): Json {
    return x["$ref"] ? (x["$ref"] as string).slice(2).split("/").reduce((at: any, k) => at[k], this.doc) : x;
  }

  // fault says what is wrong with an answer; undefined: nothing.
  fault(path: string, method: string, status: number, media: string | null, body: string): string | undefined {
    if (status === 304) return undefined;
    const responses = this.doc["paths"][path][method].responses;
    if (!responses[status]) return `the status ${status} is not described: ${body.slice(0, 300)}`;
    const response = this.resolve(responses[status]);
    const content: Json | undefined = response["content"];
    if (!content) return body === "" ? undefined : "it has a body where none is described";
    const type = (media ?? "").split(";")[0]!.trim();
    if (!content[type]) return `the media type ${type} is not described`;
    if (!content[type].schema) return undefined;
    let value: unknown;
    try {
      value = JSON.parse(body);
    } catch (e) {
      return `it is not JSON: ${e}`;
    }
    const key = content[type].schema.$ref;
    if (!key) return "its schema has no name";
    let validate = this.known.get(key);
    if (!validate) this.known.set(key, (validate = this.ajv.compile({ $ref: "spec" + key })));
    return validate(value) ? undefined : this.ajv.errorsText(validate.errors?.slice(0, 5)) + " in " + body.slice(0, 400);
  }
}
