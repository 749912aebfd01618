// A shop customer's program in JavaScript: @grpc/grpc-js, the published protos, and Node's own
// Ed25519. Amounts are strings throughout, since a JavaScript number cannot hold every int64.
//
// usage: node client.js TASK.json   (written by foreign_clients_test.cc, which checks the answer)
'use strict';

const assert = require('assert');
const crypto = require('crypto');
const fs = require('fs');
const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');

const task = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const protos = protoLoader.loadSync(
    [
      'kengred/v1/ledger_service.proto', 'kengred/v1/directory_service.proto',
      'google/rpc/status.proto', 'google/rpc/error_details.proto'
    ],
    {includeDirs: [task.proto_dir], keepCase: true, longs: String, enums: String});
const api = grpc.loadPackageDefinition(protos).kengred.v1;
const ledgerService = new api.LedgerService(task.target, grpc.credentials.createInsecure());
const directory = new api.DirectoryService(task.target, grpc.credentials.createInsecure());

function sha256(...parts) {
  const hash = crypto.createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function call(service, method, request, token) {
  const metadata = new grpc.Metadata();
  if (token) metadata.set('authorization', 'Bearer ' + token);
  return new Promise((resolve, reject) => {
    service[method](
        request, metadata, {deadline: Date.now() + 60000},
        (error, response) => error ? reject(error) : resolve(response));
  });
}

// The google.rpc.ErrorInfo of a refusal.
function errorInfo(error) {
  const [bytes] = error.metadata ? error.metadata.get('grpc-status-details-bin') : [];
  if (!bytes) throw error;
  const status = protos['google.rpc.Status'].deserialize(bytes);
  const detail = status.details.find(d => d.type_url.endsWith('/google.rpc.ErrorInfo'));
  return protos['google.rpc.ErrorInfo'].deserialize(detail.value);
}

// BIP-350.
function bech32m(prefix, data) {
  const alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
  const bits = [...data].map(byte => byte.toString(2).padStart(8, '0')).join('');
  const groups = bits.match(/.{5}/g).map(group => parseInt(group, 2));
  const letters = [...prefix].map(letter => letter.charCodeAt(0));
  const generator = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
  let checksum = 1;
  const expanded = [...letters.map(l => l >> 5), 0, ...letters.map(l => l & 31)];
  for (const value of [...expanded, ...groups, 0, 0, 0, 0, 0, 0]) {
    const top = checksum >>> 25;
    checksum = ((checksum & 0x1ffffff) << 5) ^ value;
    generator.forEach((g, i) => { if ((top >>> i) & 1) checksum ^= g; });
  }
  checksum ^= 0x2bc830a3;
  for (let i = 5; i >= 0; --i) groups.push((checksum >>> (5 * i)) & 31);
  return prefix + '1' + groups.map(group => alphabet[group]).join('');
}

async function main() {
  // RFC 8410: the 16 bytes before the seed in a PKCS #8 Ed25519 key.
  const key = crypto.createPrivateKey({
    key: Buffer.from('302e020100300506032b657004220420' + task.seed, 'hex'),
    format: 'der',
    type: 'pkcs8'
  });
  const publicKey =
      Buffer.from(crypto.createPublicKey(key).export({format: 'jwk'}).x, 'base64url');
  const account = sha256('kengred/v1/account\0', Buffer.from([1]), publicKey).subarray(0, 20);
  const out = {account: account.toString('hex')};

  // Which ledger is it, and does its charter say so?
  const ledger = await call(ledgerService, 'GetLedger', {});
  assert.deepStrictEqual(sha256(ledger.charter), ledger.ledger_id);
  const charter = protos['kengred.v1.Charter'].deserialize(ledger.charter);
  out.ledger_id = ledger.ledger_id.toString('hex');

  // Whom to pay.
  const shop = (await call(directory, 'LookupAlias', {alias: task.alias})).entry;
  assert.strictEqual(shop.payable, true);

  function payment(amountMinor) {
    const now = Math.floor(Date.now() / 1000);
    // What is signed is bytes: nobody serializes the transaction again.
    const bytes = protos['kengred.v1.Transaction'].serialize({
      ledger_id: ledger.ledger_id,
      nonce: crypto.randomBytes(16),
      valid_from: {seconds: now},
      valid_until: {seconds: now + 3600},
      operations: [{
        transfer: {
          payer_account_id: account,
          payee_account_id: shop.account_id,
          currency: task.currency,
          amount_minor: amountMinor,
          payee_reference: task.reference
        }
      }]
    });
    const id = sha256('kengred/v1/transaction-id\0', bytes);
    const signature = crypto.sign(null, Buffer.concat([Buffer.from('kengred/v1/transaction\0'), id]), key);
    const request = {
      signed_transaction: {
        transaction: bytes,
        signatures: [{scheme: 'SIGNATURE_SCHEME_ED25519', public_key: publicKey, signature}]
      }
    };
    return {request, id};
  }

  // Pays; sends the same bytes again, as after a lost answer.
  const {request, id} = payment(task.amount_minor);
  const first = await call(ledgerService, 'SubmitTransaction', request);
  const again = await call(ledgerService, 'SubmitTransaction', request);
  assert.deepStrictEqual(first.transaction_id, id);
  assert.ok(!first.duplicate && again.duplicate);
  assert.strictEqual(again.sequence, first.sequence);
  out.transaction_id = id.toString('hex');
  out.sequence = first.sequence;

  // Pays more than there is.
  await call(ledgerService, 'SubmitTransaction', payment(task.too_much_minor).request)
      .then(() => assert.fail('paid more than there is'), error => {
        const info = errorInfo(error);
        out.refused = {
          code: error.code, reason: info.reason, domain: info.domain, figures: info.metadata
        };
      });

  // The same payment over a stream: known already.
  out.streamed = await new Promise((resolve, reject) => {
    const stream = ledgerService.SubmitTransactions({deadline: Date.now() + 60000});
    const results = [];
    stream.on('data', message => results.push(...message.results));
    stream.on('error', reject);
    stream.on('end', () => resolve(results.map(
        r => r.accepted ? r.accepted.sequence + (r.accepted.duplicate ? ' again' : '') :
                          r.refused.verdict)));
    stream.write({requests: [request, payment('0').request]});
    stream.end();
  });

  // Reads its balance: not without a token, exactly with one.
  const balances = {account_id: account};
  await call(ledgerService, 'ListBalances', balances)
      .then(() => assert.fail('read a balance without a token'),
            error => { out.without_token = errorInfo(error).reason; });
  const now = Math.floor(Date.now() / 1000);
  const header = {alg: 'EdDSA', typ: 'JWT', kid: publicKey.toString('base64url')};
  const claims = {
    iss: bech32m(charter.address_prefix, account), aud: out.ledger_id, iat: now, exp: now + 300
  };
  const signed =
      [header, claims].map(p => Buffer.from(JSON.stringify(p)).toString('base64url')).join('.');
  const token = signed + '.' + crypto.sign(null, Buffer.from(signed), key).toString('base64url');
  const listed = await call(ledgerService, 'ListBalances', balances, token);
  out.balance_minor = listed.balances.find(b => b.currency === task.currency).amount_minor;

  process.stdout.write(JSON.stringify(out));
  ledgerService.close();
  directory.close();
}

main().catch(error => {
  console.error(error);
  process.exitCode = 1;
});
