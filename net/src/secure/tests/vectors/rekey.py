#!/usr/bin/env python3
"""Makes the test vectors of docs/PROTOCOL.md, "New keys", with the Python package `cryptography` (48.0): an implementation
that shares nothing with ours. Run it when the derivation changes, and put what it prints into the page."""

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PROTOCOL = (0x1122334455667788).to_bytes(8, "little")
LABEL = b"shieldwall rekey 1"
VERSION = b"NETCODE 1.02\0"


def hkdf(salt, secret, info, length):
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)


def public(private):
    return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def message(kind, choice, epoch, key):
    return bytes([kind, 1, choice, 0]) + epoch.to_bytes(4, "little") + key


def packet(cipher, key, kind, odd, sequence, body):
    width = max(1, (sequence.bit_length() + 7) // 8)
    prefix = kind | (8 if odd else 0) | width << 4
    nonce = bytes(4) + sequence.to_bytes(8, "little")
    sealed = cipher(key).encrypt(nonce, body, VERSION + PROTOCOL + bytes([prefix]))
    return bytes([prefix]) + sequence.to_bytes(8, "little")[:width] + sealed


up, down = bytes(range(0x11, 0x31)), bytes(range(0x51, 0x71))
chain = hkdf(LABEL, up + down, b"chain", 32)
print("chain_0:", chain.hex())
for epoch, ciphers, suite, cipher in [(1, 3, 2, AESGCM), (2, 3, 1, ChaCha20Poly1305)]:
    client = X25519PrivateKey.from_private_bytes(bytes([0xC0 + epoch]) * 32)
    server = X25519PrivateKey.from_private_bytes(bytes([0x50 + epoch]) * 32)
    offer = message(1, ciphers, epoch, public(client))
    answer = message(2, suite, epoch, public(server))
    shared = client.exchange(X25519PublicKey.from_public_bytes(public(server)))
    out = hkdf(chain, shared, LABEL + PROTOCOL + offer + answer, 96)
    up, down, chain = out[:32], out[32:64], out[64:]
    print(f"offer_{epoch}:", offer.hex())
    print(f"answer_{epoch}:", answer.hex())
    print(f"shared_{epoch}:", shared.hex())
    print(f"client_to_server_{epoch}:", up.hex())
    print(f"server_to_client_{epoch}:", down.hex())
    print(f"chain_{epoch}:", chain.hex())
    print(f"packet_{epoch}:", packet(cipher, up, 5, epoch & 1, 0x1122, b"some words").hex())
