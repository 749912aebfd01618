// Verifies a receipt (C2SP tlog-proof) with other people's Ed25519 and a Merkle tree written down from
// RFC 9162 section 2.1.3.2 again.
//
//   node verify.mjs VERIFIER_KEY RECEIPT_FILE      exit status 0: valid; 1: not
import { createHash, webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import * as noble from "@noble/ed25519";
import sodium from "libsodium-wrappers";

globalThis.crypto ??= webcrypto;
const sha256 = (...parts) => parts.reduce((h, p) => h.update(p), createHash("sha256")).digest();
const fail = (why) => {
  console.log(why);
  process.exit(1);
};

const [verifierKey, file] = process.argv.slice(2);
const [name, id, key64] = [verifierKey.split("+")[0], verifierKey.split("+")[1],
  verifierKey.split("+").slice(2).join("+")];
const key = Buffer.from(key64, "base64");
if (sha256(name, "\n", key).subarray(0, 4).toString("hex") !== id) fail("the key's id is wrong");

const text = readFileSync(file, "utf8");
const [proof, checkpoint] = [text.slice(0, text.indexOf("\n\n")), text.slice(text.indexOf("\n\n") + 2)];
const lines = proof.split("\n");
if (lines[0] !== "c2sp.org/tlog-proof@v1") fail("no receipt");
const content = Buffer.from(lines[1].slice("extra ".length), "base64");
// Field 1 of a protobuf message: the entry.
let [at, length, shift] = [1, 0, 0];
for (let byte = 0x80; byte & 0x80; shift += 7) {
  byte = content[at++];
  length += (byte & 0x7f) * 2 ** shift;
}
if (content[0] !== 0x0a) fail("no entry");
const entry = content.subarray(at, at + length);
let index = BigInt(lines[2].slice("index ".length));
const path = lines.slice(3).map((line) => Buffer.from(line, "base64"));

const end = checkpoint.indexOf("\n\n") + 1;
const body = checkpoint.slice(0, end);
const [origin, size, root] = body.split("\n");
const signature = checkpoint.slice(end + 1).split("\n").filter((line) => line.startsWith(`— ${name} `))
  .map((line) => Buffer.from(line.split(" ")[2], "base64"))
  .find((blob) => blob.subarray(0, 4).toString("hex") === id);
if (origin !== name || signature === undefined) fail("not signed by this key");
const message = Buffer.from(body);
await sodium.ready;
const bySodium = sodium.crypto_sign_verify_detached(signature.subarray(4), message, key.subarray(1));
const byNoble = await noble.verifyAsync(
  Uint8Array.from(signature.subarray(4)), Uint8Array.from(message), Uint8Array.from(key.subarray(1)));
if (!bySodium || !byNoble) fail(`the signature is wrong (libsodium ${bySodium}, noble ${byNoble})`);

let [fn, sn] = [index, BigInt(size) - 1n];
let hash = sha256(Buffer.of(0), entry);
for (const sibling of path) {
  if (sn === 0n) fail("the proof is too long");
  if (fn % 2n === 1n || fn === sn) {
    hash = sha256(Buffer.of(1), sibling, hash);
    while (fn % 2n === 0n && fn !== 0n) [fn, sn] = [fn >> 1n, sn >> 1n];
  } else {
    hash = sha256(Buffer.of(1), hash, sibling);
  }
  [fn, sn] = [fn >> 1n, sn >> 1n];
}
if (sn !== 0n || hash.toString("base64") !== root) fail("the proof does not lead to the root");
console.log(`valid: entry ${index + 1n} of ${size}`);
