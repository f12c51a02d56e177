// webhook verifies a message as a receiver does, with the library of the Standard Webhooks project for JavaScript.
import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";

const { secret, headers, body } = JSON.parse(readFileSync(0, "utf8"));
new Webhook(secret).verify(body, headers);
let forged = false;
try {
  new Webhook(secret).verify(body.replace(/.$/, " }"), headers);
  forged = true;
} catch {
  // as it must
}
console.log(JSON.stringify({ verified: true, forged }));
process.exit(forged ? 1 : 0);
