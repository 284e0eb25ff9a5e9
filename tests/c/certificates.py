#!/usr/bin/env python3
"""Makes certificates with the openssl command for the tests against other TLS implementations.

    certificates.py DIR

Each name in ROOTS and LEAVES becomes DIR/name.crt and DIR/name.key. They are independent of the
companion command on purpose.
"""

import os
import subprocess
import sys

ROOTS = ["platform-ca", "device-ca", "other-ca"]
EXPIRED = ("20200101000000Z", "20210101000000Z")
# As the platform makes them for devices: beyond 2038, and beyond 2049, where UTCTime ends.
LONG = ("20200101000000Z", "21190101000000Z")
LEAVES = [
    # name, issuer, key, extended key usage, name in the certificate, dates (None: today and tomorrow)
    ("server-rsa", "platform-ca", "rsa:2048", "serverAuth", "localhost", None),
    ("server-ecdsa", "platform-ca", "ec", "serverAuth", "localhost", None),
    ("server-other-name", "platform-ca", "ec", "serverAuth", "elsewhere.example", None),
    ("server-expired", "platform-ca", "ec", "serverAuth", "localhost", EXPIRED),
    ("device-rsa", "device-ca", "rsa:2048", "clientAuth", "test device", None),
    ("device-ecdsa", "device-ca", "ec", "clientAuth", "test device", None),
    ("device-expired", "device-ca", "rsa:2048", "clientAuth", "test device", EXPIRED),
    ("device-unknown", "other-ca", "rsa:2048", "clientAuth", "unknown device", None),
    ("server-long", "platform-ca", "ec", "serverAuth", "localhost", LONG),
    ("device-long", "device-ca", "ec", "clientAuth", "test device", LONG),
]

# `openssl ca` is the only command of OpenSSL 3.0 that takes both dates.
CA_CONFIGURATION = """
[ca]
default_ca = any
[any]
database = {folder}/{name}.index
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
policy = any_name
copy_extensions = copy
[any_name]
commonName = supplied
"""


def openssl(*words):
    done = subprocess.run(["openssl", *words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"openssl {' '.join(words)}\n{done.stderr}")


def request(folder, name, kind, subject, extensions):
    """The words for `openssl req` that make a new key and its certificate or request."""
    words = ["req", "-newkey", kind, "-noenc", "-keyout", f"{folder}/{name}.key", "-subj", subject]
    if kind == "ec":
        words += ["-pkeyopt", "ec_paramgen_curve:prime256v1"]
    for extension in extensions:
        words += ["-addext", extension]
    return words


def issue(folder, leaf):
    name, issuer, kind, usage, common_name, dates = leaf
    extensions = ["basicConstraints=critical,CA:FALSE", f"extendedKeyUsage={usage}"]
    if usage == "serverAuth":
        extensions.append(f"subjectAltName=DNS:{common_name}")
    words = request(folder, name, kind, f"/CN={common_name}", extensions)
    signer = [f"{folder}/{issuer}.crt", f"{folder}/{issuer}.key"]
    if dates is None:
        openssl(*words, "-x509", "-days", "2", "-CA", signer[0], "-CAkey", signer[1],
                "-out", f"{folder}/{name}.crt")
        return
    openssl(*words, "-out", f"{folder}/{name}.csr")
    configuration = f"{folder}/{name}.conf"
    with open(configuration, "w", encoding="utf-8") as file:
        file.write(CA_CONFIGURATION.format(folder=folder, name=name))
    with open(f"{folder}/{name}.index", "w", encoding="utf-8"):
        pass
    openssl("ca", "-batch", "-notext", "-config", configuration, "-cert", signer[0],
            "-keyfile", signer[1], "-startdate", dates[0], "-enddate", dates[1],
            "-in", f"{folder}/{name}.csr", "-out", f"{folder}/{name}.crt")


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    for name in ROOTS:
        words = request(folder, name, "rsa:2048", f"/CN=test {name}",
                        ["keyUsage=critical,keyCertSign,cRLSign"])
        openssl(*words, "-x509", "-days", "2", "-out", f"{folder}/{name}.crt")
    for leaf in LEAVES:
        issue(folder, leaf)


if __name__ == "__main__":
    main()
