#!/usr/bin/env python3
"""Makes certificates with the openssl command for the tests against other TLS implementations.

    certificates.py DIR

DIR then holds platform-ca, server-rsa, server-ecdsa, device-ca, device-rsa and device-ecdsa, each as
.crt and .key. They are independent of the companion command on purpose.
"""

import os
import subprocess
import sys

ROOTS = ["platform-ca", "device-ca"]
LEAVES = [
    # name, issuer, key, subject, extensions
    ("server-rsa", "platform-ca", "rsa:2048", "/CN=localhost", "serverAuth"),
    ("server-ecdsa", "platform-ca", "ec", "/CN=localhost", "serverAuth"),
    ("device-rsa", "device-ca", "rsa:2048", "/CN=test device", "clientAuth"),
    ("device-ecdsa", "device-ca", "ec", "/CN=test device", "clientAuth"),
]


def openssl(*words):
    done = subprocess.run(["openssl", *words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"openssl {' '.join(words)}\n{done.stderr}")


def new_key(kind):
    words = ["-newkey", kind]
    if kind == "ec":
        words += ["-pkeyopt", "ec_paramgen_curve:prime256v1"]
    return words + ["-noenc"]


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)

    def place(name):
        return ["-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.crt"]

    for name in ROOTS:
        openssl("req", "-x509", *new_key("rsa:2048"), *place(name), "-days", "2",
                "-subj", f"/CN=test {name}", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    for name, issuer, kind, subject, usage in LEAVES:
        openssl("req", "-x509", *new_key(kind), *place(name), "-days", "2", "-subj", subject,
                "-CA", f"{folder}/{issuer}.crt", "-CAkey", f"{folder}/{issuer}.key",
                "-addext", "basicConstraints=critical,CA:FALSE",
                "-addext", f"extendedKeyUsage={usage}",
                "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")


if __name__ == "__main__":
    main()
