#!/usr/bin/env python3
"""Goal: the worked examples of docs/formats/ are true, and the pages are enough to write another
implementation.

Method: an implementation of the formats in Python, written from the pages and apart from the
project's C++, computes every `name = value` line and every named block (```text name) of the examples. A page that
shows one which is not computed here, or leaves one out, fails.
"""

import base64
import hashlib
import json
import os
import re
import sys

from nacl.signing import SigningKey, VerifyKey

PAGES = os.path.join(os.environ.get("KENGRED_SOURCE_DIR", "."), "docs", "formats")

# RFC 8032 section 7.1, TEST 1 and TEST 2.
ALICE = SigningKey(bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
BOB = SigningKey(bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"))
LEDGER = bytes([5]) * 32
# TEST 3 and TEST SHA(abc).
LOG = SigningKey(bytes.fromhex("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7"))
WITNESS = SigningKey(
    bytes.fromhex("833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42"))
NONCE = bytes([7]) * 16
SALT = b"s" * 16


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


# ---- protobuf's wire format, as far as the examples need it ----


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(number, value):
    """A field whose value is a number, or bytes (also of a message)."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value) if value else b""
    return varint(number << 3 | 2) + varint(len(value)) + value


# ---- addresses (BIP-350) ----

ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def polymod(values):
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for i, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> i & 1 else 0
    return check


def address(prefix, account):
    number = int.from_bytes(account, "big")
    groups = [number >> shift & 31 for shift in range(155, -1, -5)]
    expanded = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    check = polymod(expanded + groups + [0] * 6) ^ 0x2BC830A3
    groups += [check >> shift & 31 for shift in range(25, -1, -5)]
    return prefix + "1" + "".join(ALPHABET[group] for group in groups)


# ---- ids ----


def account_id(threshold, *keys):
    return sha256(b"kengred/v1/account\0", bytes([threshold]), *keys)[:20]


def made_id(tag, transaction_id, index):
    return sha256(tag, transaction_id, index.to_bytes(4, "big"))[:20]


def commitment(salt, content):
    return sha256(b"kengred/v1/commitment\0", bytes([len(salt)]), salt, content)


def key_of(signing_key):
    return bytes(signing_key.verify_key)


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


# ---- the examples ----


def addresses():
    one = account_id(1, key_of(ALICE))
    both = account_id(2, key_of(ALICE), key_of(BOB))
    circulation = sha256(b"kengred/v1/system-account\0", b"circulation", b"\0", b"HEOL")[:20]
    return {
        "public_key_1": key_of(ALICE).hex(),
        "public_key_2": key_of(BOB).hex(),
        "account_of_1": one.hex(),
        "address_of_1": address("heol", one),
        "account_of_1_and_2": both.hex(),
        "address_of_1_and_2": address("heol", both),
        "circulation": circulation.hex(),
    }


def commitments():
    content = "Merci !".encode()
    return {"salt": SALT.hex(), "content": content.hex(),
            "commitment": commitment(SALT, content).hex()}


def transfer():
    payer = account_id(1, key_of(ALICE))
    payee = account_id(1, key_of(BOB))
    memo = field(1, commitment(SALT, "Merci !".encode()))
    operation = field(10, field(1, payer) + field(2, payee) + field(3, b"HEOL") + field(4, 1250)
                      + field(5, b"TILL-0042") + field(6, memo))
    return (field(1, LEDGER) + field(2, NONCE) + field(3, field(1, 1795510800))
            + field(4, field(1, 1795514400)) + field(5, operation))


def transactions():
    body = transfer()
    identity = sha256(b"kengred/v1/transaction-id\0", body)
    covered = b"kengred/v1/transaction\0" + identity
    signature = ALICE.sign(covered).signature
    VerifyKey(key_of(ALICE)).verify(covered, signature)
    envelope = field(1, body) + field(
        2, field(1, 1) + field(2, key_of(ALICE)) + field(3, signature))
    return {
        "transaction": body.hex(),
        "transaction_id": identity.hex(),
        "covered": covered.hex(),
        "signature": signature.hex(),
        "signed_transaction": envelope.hex(),
        "programme_of_operation_0": made_id(b"kengred/v1/programme\0", identity, 0).hex(),
        "reconversion_of_operation_0": made_id(b"kengred/v1/reconversion\0", identity, 0).hex(),
    }


def journal_entries():
    payer = account_id(1, key_of(ALICE))
    payee = account_id(1, key_of(BOB))
    envelope = bytes.fromhex(transactions()["signed_transaction"])
    minus = (1 << 64) - 1250
    entry = (field(1, 2) + field(2, field(1, 1795510860) + field(2, 250000000)) + field(3, 20781)
             + field(5, envelope)
             + field(6, field(1, payer) + field(2, b"HEOL") + field(3, minus))
             + field(6, field(1, payee) + field(2, b"HEOL") + field(3, 1250)))
    before = sha256(b"\0", b"entry 1")
    leaf = sha256(b"\0", entry)
    return {
        "entry": entry.hex(),
        "leaf_hash": leaf.hex(),
        "root_before": before.hex(),
        "root_after": sha256(b"\1", before, leaf).hex(),
    }


def tokens():
    header = json.dumps({"alg": "EdDSA", "typ": "JWT", "kid": base64url(key_of(ALICE))},
                        separators=(",", ":"))
    claims = json.dumps({"iss": address("heol", account_id(1, key_of(ALICE))), "aud": LEDGER.hex(),
                         "iat": 1795510800, "exp": 1795511100}, separators=(",", ":"))
    covered = base64url(header.encode()) + "." + base64url(claims.encode())
    signature = ALICE.sign(covered.encode()).signature
    return {"header": header, "claims": claims,
            "token": covered + "." + base64url(signature)}


def payments():
    payee = address("heol", account_id(1, key_of(BOB)))
    return {
        "request": f"payto://kengred/{payee}?amount=HEOL:12.50&message=TILL-0042"
                   "&receiver-name=Caf%C3%A9%20du%20Port",
        "open_request": f"payto://kengred/{payee}",
    }


def award_references():
    programme = bytes([0xAA]) * 20
    beneficiary = bytes([0xBB]) * 20

    def reference(*parts):
        return sha256(b"kengred/v1/award-reference\0", programme, *parts).hex()

    def by_content(evidence, occurrence):
        activity = b"repair"
        return reference(b"c", beneficiary, (2).to_bytes(8, "big"),
                         len(activity).to_bytes(4, "big"), activity,
                         len(evidence).to_bytes(4, "big"), evidence,
                         occurrence.to_bytes(8, "big"))

    return {
        "by_id": reference(b"r", b"2027-04-03/7"),
        "by_content": by_content(b"toaster", 1),
        "by_content_again": by_content(b"toaster", 2),
        "by_content_without_evidence": by_content(b"", 1),
    }


# ---- the tree (RFC 6962), notes and checkpoints (C2SP) ----

ORIGIN = "heol.example/ledger"
WITNESS_NAME = "witness.example/w1"


def leaf_hash(entry):
    return sha256(b"\0", entry)


def node_hash(left, right):
    return sha256(b"\1", left, right)


def base64_of(data):
    return base64.b64encode(data).decode()


def key_id(name, kind, key):
    return sha256(name.encode(), b"\n", bytes([kind]), key_of(key))[:4]


def verifier_key(name, kind, key):
    return f"{name}+{key_id(name, kind, key).hex()}+{base64_of(bytes([kind]) + key_of(key))}"


def signature_line(name, kind, key, signature):
    return f"\u2014 {name} {base64_of(key_id(name, kind, key) + signature)}\n"


def example_entries():
    return [b"entry 1", bytes.fromhex(journal_entries()["entry"]), b"entry 3"]


def example_root():
    one, two, three = map(leaf_hash, example_entries())
    return node_hash(node_hash(one, two), three)


def example_checkpoint():
    text = f"{ORIGIN}\n3\n{base64_of(example_root())}\n"
    return text, text + "\n" + signature_line(ORIGIN, 1, LOG, LOG.sign(text.encode()).signature)


def checkpoints():
    one, two, three = map(leaf_hash, example_entries())
    text, signed = example_checkpoint()
    time = 1795510920
    covered = f"cosignature/v1\ntime {time}\n{text}"
    cosignature = time.to_bytes(8, "big") + WITNESS.sign(covered.encode()).signature
    return {
        "leaf_0": one.hex(),
        "leaf_1": two.hex(),
        "leaf_2": three.hex(),
        "node_of_0_and_1": node_hash(one, two).hex(),
        "root": example_root().hex(),
        "log_key": verifier_key(ORIGIN, 1, LOG),
        "witness_key": verifier_key(WITNESS_NAME, 4, WITNESS),
        "checkpoint": signed,
        "cosigned_text": covered,
        "cosigned_checkpoint":
            signed + signature_line(WITNESS_NAME, 4, WITNESS, cosignature),
        # From the first entry alone to all three: what stands right of it, from below.
        "consistency_1_to_3": base64_of(two) + " " + base64_of(three),
    }


def receipts():
    entries = example_entries()
    proof = [leaf_hash(entries[0]), leaf_hash(entries[2])]
    return {
        "receipt": "c2sp.org/tlog-proof@v1\n"
                   f"extra {base64_of(field(1, entries[1]))}\n"
                   "index 1\n"
                   + "".join(base64_of(sibling) + "\n" for sibling in proof)
                   + "\n" + example_checkpoint()[1],
    }


def tile_path(level, number, size=None):
    """The tile's path; partial where a tree of that size ends within the tile."""
    groups = [f"{number % 1000:03}"]
    while number >= 1000:
        number //= 1000
        groups.insert(0, f"x{number % 1000:03}")
    path = "/".join(["tile", str(level), *groups])
    return path if size is None else f"{path}.p/{size}"


def tiles():
    entries = example_entries()
    return {
        "tile_path": tile_path(0, 0, 3),
        "tile": b"".join(map(leaf_hash, entries)).hex(),
        "bundle_path": tile_path("entries", 0, 3),
        "bundle": b"".join(len(e).to_bytes(2, "big") + e for e in entries).hex(),
        "last_full_of_70000": tile_path(0, 70000 // 256 - 1),
        "last_of_70000": tile_path(0, 70000 // 256, 70000 % 256),
        "last_at_level_1_of_70000": tile_path(1, 70000 // 256**2, 70000 // 256 % 256),
        "last_at_level_2_of_70000": tile_path(2, 0, 70000 // 256**2),
        "last_bundle_of_70000": tile_path("entries", 70000 // 256, 70000 % 256),
        "tile_1234067": tile_path(0, 1234067),
    }


def exports():
    def record(data):
        return len(data).to_bytes(4, "big") + data

    end = bytes(4)
    first_line = b"kengred-export/v1\n"
    note = example_checkpoint()[1].encode()
    whole = (first_line + b"".join(map(record, example_entries())) + end + record(note) + end)
    return {
        "first_line": first_line.hex(),
        "record_of_entry_1": record(b"entry 1").hex(),
        "length_of_entry_2": len(example_entries()[1]).to_bytes(4, "big").hex(),
        "length_of_the_checkpoint": len(note).to_bytes(4, "big").hex(),
        "export": whole.hex(),
        "sha256_of_export": sha256(whole).hex(),
    }


EXAMPLES = {
    "address.md": addresses,
    "commitment.md": commitments,
    "transaction.md": transactions,
    "journal_entry.md": journal_entries,
    "token.md": tokens,
    "payto.md": payments,
    "award_reference.md": award_references,
    "checkpoint.md": checkpoints,
    "receipt.md": receipts,
    "tiles.md": tiles,
    "export.md": exports,
}


def main():
    if sys.argv[1:] == ["--print"]:
        for page, example in EXAMPLES.items():
            print(page)
            for name, value in example().items():
                block = value.endswith("\n")
                print(f"```text {name}\n{value}```" if block else f"{name} = {value}")
        return 0
    failures = 0
    for page, example in EXAMPLES.items():
        with open(os.path.join(PAGES, page), encoding="utf-8") as text:
            example_part = text.read().partition("\n## Worked example\n")[2]
        shown = dict(re.findall(r"^(\w+) = (.+)$", example_part, re.MULTILINE))
        shown |= dict(re.findall(r"^```text (\w+)\n(.*?)^```$", example_part,
                                 re.MULTILINE | re.DOTALL))
        made = example()
        for name in sorted(shown.keys() | made.keys()):
            if shown.get(name) != made.get(name):
                failures += 1
                print(f"docs/formats/{page}: {name}\n  shown: {shown.get(name)}\n"
                      f"  made:  {made.get(name)}")
        print(f"{page}: {len(made)} values compared")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
