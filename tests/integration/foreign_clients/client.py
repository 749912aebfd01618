"""A shop customer's program in Python, written against a running server and nothing else: it asks the
server for its own description (gRPC reflection), builds the messages from that, and signs with
libsodium. No generated code, nothing of Kengred's sources.

usage: client.py TASK.json   (the task is written by foreign_clients_test.cc, which checks the answer)
"""

import base64
import hashlib
import json
import os
import sys
import time

import grpc
import nacl.signing
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

LEDGER = "kengred.v1.LedgerService"
DIRECTORY = "kengred.v1.DirectoryService"


def reflection_messages():
    """The part of grpc/reflection/v1alpha/reflection.proto that is needed here."""
    file = descriptor_pb2.FileDescriptorProto(
        name="reflection.proto", package="grpc.reflection.v1alpha", syntax="proto3")
    field = descriptor_pb2.FieldDescriptorProto

    def message(name, *fields):
        made = file.message_type.add(name=name)
        for field_name, number, kind, label, type_name in fields:
            made.field.add(name=field_name, number=number, type=kind, label=label,
                           type_name=type_name)

    message("ServerReflectionRequest",
            ("file_containing_symbol", 4, field.TYPE_STRING, field.LABEL_OPTIONAL, None))
    message("FileDescriptorResponse",
            ("file_descriptor_proto", 1, field.TYPE_BYTES, field.LABEL_REPEATED, None))
    message("ServerReflectionResponse",
            ("file_descriptor_response", 4, field.TYPE_MESSAGE, field.LABEL_OPTIONAL,
             ".grpc.reflection.v1alpha.FileDescriptorResponse"))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    factory = message_factory.MessageFactory(pool)
    return (factory.GetPrototype(pool.FindMessageTypeByName(file.package + "." + name))
            for name in ("ServerReflectionRequest", "ServerReflectionResponse"))


class Server:
    """Calls by name, messages by name."""

    def __init__(self, target):
        self.channel = grpc.insecure_channel(target)
        self.pool = descriptor_pool.DescriptorPool()
        self.factory = message_factory.MessageFactory(self.pool)
        request_type, response_type = reflection_messages()
        ask = self.channel.stream_stream(
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
            request_serializer=request_type.SerializeToString,
            response_deserializer=response_type.FromString)
        symbols = [LEDGER, DIRECTORY, "google.rpc.Status", "google.rpc.ErrorInfo"]
        files = {}
        for answer in ask(request_type(file_containing_symbol=s) for s in symbols):
            for data in answer.file_descriptor_response.file_descriptor_proto:
                file = descriptor_pb2.FileDescriptorProto.FromString(data)
                files[file.name] = file
        added = set()

        def add(name):
            if name in added:
                return
            added.add(name)
            for needed in files[name].dependency:
                add(needed)
            self.pool.Add(files[name])

        for name in files:
            add(name)

    def type(self, name):
        return self.factory.GetPrototype(self.pool.FindMessageTypeByName(name))

    def method(self, service, name):
        method = self.pool.FindServiceByName(service).methods_by_name[name]
        make = {(False, False): self.channel.unary_unary,
                (False, True): self.channel.unary_stream}[
                    (method.client_streaming, method.server_streaming)]
        return make(f"/{service}/{name}",
                    request_serializer=lambda message: message.SerializeToString(),
                    response_deserializer=self.factory.GetPrototype(method.output_type).FromString)

    def call(self, service, name, request, token=None):
        metadata = [("authorization", "Bearer " + token)] if token else []
        return self.method(service, name)(request, metadata=metadata, timeout=60)

    def error_info(self, error):
        for key, value in error.trailing_metadata():
            if key == "grpc-status-details-bin":
                status = self.type("google.rpc.Status").FromString(value)
                for detail in status.details:
                    if detail.type_url.endswith("/google.rpc.ErrorInfo"):
                        return self.type("google.rpc.ErrorInfo").FromString(detail.value)
        raise error


def bech32m(prefix, data):
    """BIP-350."""
    alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
    bits = "".join(f"{byte:08b}" for byte in data)
    groups = [int(bits[i:i + 5], 2) for i in range(0, len(bits), 5)]

    def checksum(values):
        c = 1
        for value in values:
            top = c >> 25
            c = (c & 0x1FFFFFF) << 5 ^ value
            for i, g in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
                c ^= g if top >> i & 1 else 0
        return c

    expanded = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    c = checksum(expanded + groups + [0] * 6) ^ 0x2BC830A3
    groups += [c >> 5 * (5 - i) & 31 for i in range(6)]
    return prefix + "1" + "".join(alphabet[g] for g in groups)


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        task = json.load(file)
    server = Server(task["target"])
    key = nacl.signing.SigningKey(bytes.fromhex(task["seed"]))
    public_key = bytes(key.verify_key)
    account = hashlib.sha256(b"kengred/v1/account\0" + b"\1" + public_key).digest()[:20]
    out = {"account": account.hex()}

    # Which ledger is it, and does its charter say so?
    ledger = server.call(LEDGER, "GetLedger", server.type("kengred.v1.GetLedgerRequest")())
    assert hashlib.sha256(ledger.charter).digest() == ledger.ledger_id, "not this ledger's charter"
    charter = server.type("kengred.v1.Charter").FromString(ledger.charter)
    out["ledger_id"] = ledger.ledger_id.hex()

    # Whom to pay.
    lookup = server.type("kengred.v1.LookupAliasRequest")(alias=task["alias"])
    shop = server.call(DIRECTORY, "LookupAlias", lookup).entry
    assert shop.payable, "the shop may not be paid"

    def payment(amount_minor):
        transaction = server.type("kengred.v1.Transaction")(
            ledger_id=ledger.ledger_id, nonce=os.urandom(16))
        transaction.valid_from.seconds = int(time.time())
        transaction.valid_until.seconds = transaction.valid_from.seconds + 3600
        transfer = transaction.operations.add().transfer
        transfer.payer_account_id = account
        transfer.payee_account_id = shop.account_id
        transfer.currency = task["currency"]
        transfer.amount_minor = amount_minor
        transfer.payee_reference = task["reference"]
        # What is signed is bytes: from here on nobody serializes the transaction again.
        data = transaction.SerializeToString()
        identity = hashlib.sha256(b"kengred/v1/transaction-id\0" + data).digest()
        request = server.type("kengred.v1.SubmitTransactionRequest")()
        request.signed_transaction.transaction = data
        request.signed_transaction.signatures.add(
            scheme=1, public_key=public_key,
            signature=key.sign(b"kengred/v1/transaction\0" + identity).signature)
        return request, identity

    # Pays; sends the same bytes again, as after a lost answer.
    request, identity = payment(int(task["amount_minor"]))
    first = server.call(LEDGER, "SubmitTransaction", request)
    again = server.call(LEDGER, "SubmitTransaction", request)
    assert first.transaction_id == identity and not first.duplicate
    assert again.duplicate and again.sequence == first.sequence
    out["transaction_id"] = identity.hex()
    out["sequence"] = str(first.sequence)

    # Pays more than there is.
    try:
        server.call(LEDGER, "SubmitTransaction", payment(int(task["too_much_minor"]))[0])
        raise AssertionError("paid more than there is")
    except grpc.RpcError as error:
        info = server.error_info(error)
        out["refused"] = {"code": error.code().value[0], "reason": info.reason,
                          "domain": info.domain, "figures": dict(info.metadata)}

    # Reads its balance: not without a token, exactly with one.
    balances = server.type("kengred.v1.ListBalancesRequest")(account_id=account)
    try:
        server.call(LEDGER, "ListBalances", balances)
        raise AssertionError("read a balance without a token")
    except grpc.RpcError as error:
        out["without_token"] = server.error_info(error).reason
    header = {"alg": "EdDSA", "typ": "JWT", "kid": base64url(public_key)}
    claims = {"iss": bech32m(charter.address_prefix, account), "aud": ledger.ledger_id.hex(),
              "iat": int(time.time()), "exp": int(time.time()) + 300}
    signed = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
    token = signed + "." + base64url(key.sign(signed.encode()).signature)
    for balance in server.call(LEDGER, "ListBalances", balances, token).balances:
        if balance.currency == task["currency"]:
            out["balance_minor"] = str(balance.amount_minor)

    # Sees the payment in a watch of its account.
    watch = server.call(LEDGER, "WatchAccount", server.type("kengred.v1.WatchAccountRequest")(
        account_id=account, after_sequence=first.sequence - 1), token)
    for message in watch:
        if message.HasField("item"):
            out["watched"] = message.item.transaction_id.hex()
            break
    watch.cancel()
    json.dump(out, sys.stdout)


main()
