#!/usr/bin/env python3
"""The original program's construction in Python, for the benchmarks: one envelope a message (spec/protocol.md, section 13).

    original.py rounds                 reads "SIZE COUNT" lines; answers each with the medians of seal and open in ms
    original.py receive                listens, prints its port, opens what comes, answers with the count when asked
    original.py send PORT COUNT        sends COUNT short messages and prints the seconds until all are acknowledged

The last two end with how many messages they handled and their processor time.

Against the original it is given every advantage: a length before each package in place of one recv a message, no pause
between packages, nothing printed, nothing stored, and keys that are loaded once. Needs the package `cryptography`.
"""

import hashlib
import hmac as mac
import os
import pickle
import socket
import statistics
import struct
import sys
import time

from cryptography.hazmat.primitives import hashes, padding, serialization
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

OLDEST = 60
SECRET = b"a secret that both know"

OAEP = rsa_padding.OAEP(mgf=rsa_padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
PSS = rsa_padding.PSS(mgf=rsa_padding.MGF1(hashes.SHA256()), salt_length=rsa_padding.PSS.MAX_LENGTH)


def make_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def seal(text, recipient, sender):
    key, iv = os.urandom(32), os.urandom(16)
    padder = padding.PKCS7(128).padder()
    plain = padder.update(f"{int(time.time())}|{text}".encode()) + padder.finalize()
    cipher = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    ciphertext = cipher.update(plain) + cipher.finalize()
    return pickle.dumps(
        {
            "encrypted_session_key": recipient.encrypt(key, OAEP),
            "iv": iv,
            "ciphertext": ciphertext,
            "signature": sender.sign(text.encode(), PSS, hashes.SHA256()),
            "hmac": mac.new(SECRET, ciphertext, hashlib.sha256).digest(),
        }
    )


def open_package(data, recipient, sender):
    """The text; raises where any check fails."""
    package = pickle.loads(data)
    expected = mac.new(SECRET, package["ciphertext"], hashlib.sha256).digest()
    if not mac.compare_digest(expected, package["hmac"]):
        raise ValueError("HMAC failed")
    key = recipient.decrypt(package["encrypted_session_key"], OAEP)
    cipher = Cipher(algorithms.AES(key), modes.CBC(package["iv"])).decryptor()
    unpadder = padding.PKCS7(128).unpadder()
    padded = cipher.update(package["ciphertext"]) + cipher.finalize()
    stamp, text = (unpadder.update(padded) + unpadder.finalize()).decode().split("|", 1)
    if int(time.time()) - int(stamp) > OLDEST:
        raise ValueError("message too old")
    sender.verify(package["signature"], text.encode(), PSS, hashes.SHA256())
    return text


def rounds():
    alice, bob = make_key(), make_key()
    print("ready", sys.version.split()[0], flush=True)
    for line in sys.stdin:
        size, count = (int(word) for word in line.split())
        sealing, opening = [], []
        for number in range(count):
            text = str(number).ljust(size, "x")
            start = time.perf_counter()
            data = seal(text, bob.public_key(), alice)
            middle = time.perf_counter()
            open_package(data, bob, alice.public_key())
            opening.append(time.perf_counter() - middle)
            sealing.append(middle - start)
        print(statistics.median(sealing) * 1000, statistics.median(opening) * 1000, flush=True)


def say(name, value):
    print(name, value, flush=True)


def end_with(count, before):
    say("count", count)
    say("processor", time.process_time() - before)


def send_framed(connection, data):
    connection.sendall(struct.pack(">I", len(data)) + data)


def read_exactly(stream, size):
    data = stream.read(size)
    if len(data) != size:
        raise EOFError
    return data


def read_framed(stream):
    return read_exactly(stream, struct.unpack(">I", read_exactly(stream, 4))[0])


def exchange_keys(connection, stream, own):
    pem = own.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    send_framed(connection, pem)
    return serialization.load_pem_public_key(read_framed(stream))


def receive():
    own = make_key()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        say("port", listener.getsockname()[1])
        connection = listener.accept()[0]
    stream = connection.makefile("rb")
    peer = exchange_keys(connection, stream, own)
    before = time.process_time()
    count = 0
    while True:
        data = read_framed(stream)
        if not data:  # an empty package asks for the count, which is a wrong number if anything got lost
            connection.sendall(struct.pack(">I", count))
            end_with(count, before)
            return
        if open_package(data, own, peer) != f"message {count}":
            raise SystemExit("out of order")
        count += 1


def send(port, count):
    own = make_key()
    connection = socket.create_connection(("127.0.0.1", port))
    stream = connection.makefile("rb")
    peer = exchange_keys(connection, stream, own)
    before = time.process_time()
    start = time.perf_counter()
    for number in range(count):
        send_framed(connection, seal(f"message {number}", peer, own))
    send_framed(connection, b"")
    if struct.unpack(">I", read_exactly(stream, 4))[0] != count:
        raise SystemExit("messages were lost")
    say("seconds", time.perf_counter() - start)
    end_with(count, before)


if __name__ == "__main__":
    if sys.argv[1] == "rounds":
        rounds()
    elif sys.argv[1] == "receive":
        receive()
    else:
        send(*(int(word) for word in sys.argv[2:4]))
