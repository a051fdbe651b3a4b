#!/usr/bin/env python3
"""A small peer of the original program, for the end-to-end tests of classic mode (spec/protocol.md, section 13).

    classic_peer.py server --port 0 --secret TEXT
    classic_peer.py client --port N --secret TEXT

Lines of standard input are sent as messages; each received message is printed with a line that says which checks held.
It keeps the original's habits: pickle, one recv(16384) for one message, keys in clear, fresh each run. Needs the package
`cryptography`. Never use it for anything but tests: loading a pickle from a peer runs whatever the peer wants.
"""

import argparse
import hashlib
import hmac as mac
import os
import pickle
import socket
import sys
import threading
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, padding, serialization
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

ONE_READ = 16384
OLDEST = 60

OAEP = rsa_padding.OAEP(mgf=rsa_padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
PSS = rsa_padding.PSS(mgf=rsa_padding.MGF1(hashes.SHA256()), salt_length=rsa_padding.PSS.MAX_LENGTH)


def say(*words):
    print(*words, flush=True)


def pem_of(public_key):
    return public_key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def seal(text, recipient, sender, secret):
    key, iv = os.urandom(32), os.urandom(16)
    padder = padding.PKCS7(128).padder()
    plain = padder.update(f"{int(time.time())}|{text}".encode()) + padder.finalize()
    cipher = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    ciphertext = cipher.update(plain) + cipher.finalize()
    return {
        "encrypted_session_key": recipient.encrypt(key, OAEP),
        "iv": iv,
        "ciphertext": ciphertext,
        "signature": sender.sign(text.encode(), PSS, hashes.SHA256()),
        "hmac": mac.new(secret, ciphertext, hashlib.sha256).digest(),
    }


def open_package(package, recipient, sender, secret):
    """The text and the three words of the proof line; raises where a check before the signature fails."""
    expected = mac.new(secret, package["ciphertext"], hashlib.sha256).digest()
    if not mac.compare_digest(expected, package["hmac"]):
        raise ValueError("HMAC failed")
    key = recipient.decrypt(package["encrypted_session_key"], OAEP)
    cipher = Cipher(algorithms.AES(key), modes.CBC(package["iv"])).decryptor()
    unpadder = padding.PKCS7(128).unpadder()
    padded = cipher.update(package["ciphertext"]) + cipher.finalize()
    plain = (unpadder.update(padded) + unpadder.finalize()).decode()
    stamp, text = plain.split("|", 1)
    age = int(time.time()) - int(stamp)
    if age > OLDEST:
        raise ValueError(f"message too old ({age}s)")
    try:
        sender.verify(package["signature"], text.encode(), PSS, hashes.SHA256())
        signed = "Signature verified!"
    except InvalidSignature:
        signed = "Signature FAILED"
    return text, f"HMAC VERIFIED | Message verified({age}s old) | {signed}"


def receive(connection, private_key, peer_key, secret):
    while True:
        data = connection.recv(ONE_READ)
        if not data:
            say("Peer left")
            return
        try:
            text, proof = open_package(pickle.loads(data), private_key, peer_key, secret)
        except Exception as error:  # the original's thread dies here; a test wants to read why
            say(f"Refused: {type(error).__name__}: {error}")
            continue
        say(f"Message: {text}")
        say(f"Security: {proof}")


def connect(role, port):
    if role == "client":
        return socket.create_connection(("127.0.0.1", port))
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(1)
        say(f"Listening on 127.0.0.1:{listener.getsockname()[1]}")
        return listener.accept()[0]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("role", choices=["server", "client"])
    arguments.add_argument("--port", type=int, default=0)
    arguments.add_argument("--secret", required=True)
    arguments.add_argument("--spacing", type=float, default=0.1, help="seconds between two messages")
    chosen = arguments.parse_args()
    secret = chosen.secret.encode()

    private_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    connection = connect(chosen.role, chosen.port)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if chosen.role == "server":
        connection.sendall(pem_of(private_key.public_key()))
        peer_key = serialization.load_pem_public_key(connection.recv(ONE_READ))
    else:
        peer_key = serialization.load_pem_public_key(connection.recv(ONE_READ))
        connection.sendall(pem_of(private_key.public_key()))
    say("Keys exchanged")

    threading.Thread(
        target=receive, args=(connection, private_key, peer_key, secret), daemon=True
    ).start()
    for line in sys.stdin:
        time.sleep(chosen.spacing)
        connection.sendall(pickle.dumps(seal(line.rstrip("\n"), peer_key, private_key, secret)))
    connection.shutdown(socket.SHUT_RDWR)
    connection.close()


if __name__ == "__main__":
    main()
