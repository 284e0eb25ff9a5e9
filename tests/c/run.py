#!/usr/bin/env python3
"""Runs one C test program beside the server that it needs, and cleans up.

    run.py --server simulator --work DIR [--tool linksdk-x509] [--pki DIR] [...] -- PROGRAM ARG...

{port}, {control} and {pki} in the arguments become the server's port, the simulator's control
port and the folder with the certificates. The program's exit status becomes ours.
"""

import argparse
import os
import subprocess
import sys

import network
import servers

SKIPPED = 77


def arguments():
    own, program = sys.argv[1:], []
    if "--" in own:
        cut = own.index("--")
        own, program = own[:cut], own[cut + 1:]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", choices=sorted(servers.STARTERS), required=True)
    parser.add_argument("--work", required=True, help="folder for this test's files")
    parser.add_argument("--tool", default="linksdk-x509")
    parser.add_argument("--pki", required=True, help="folder with the certificates")
    parser.add_argument("--server-cert", help="name of the server's certificate")
    parser.add_argument("--tls", help="the only TLS version: 1.2 or 1.3")
    parser.add_argument("--optional-client-cert", action="store_true",
                        help="openssl: accept clients without a certificate, too")
    parser.add_argument("--only", choices=["rsa", "psk"],
                        help="openssl: RSA key exchange only, or the pre-shared key of the tests only")
    parser.add_argument("--suite", help="the server's only cipher suite (TLS 1.3; faulty: 1.2)")
    parser.add_argument("--persistent", action="store_true", help="mosquitto: keep sessions")
    parser.add_argument("--behaviour", nargs="+", default=[], help="faulty: see faulty.py")
    parser.add_argument("--repeat", action="store_true", help="faulty: begin again at the end")
    parser.add_argument("--timeout", type=float, default=60, help="seconds for the program")
    parser.add_argument("--expect", type=int, default=0, help="the program's exit status")
    options = parser.parse_args(own)
    if not program:
        parser.error("no program after --")
    return options, program


def main():
    options, program = arguments()
    os.makedirs(options.work, exist_ok=True)
    # gnutls-serv cannot be told to listen on loopback only.
    if options.server == "gnutls" and not network.isolate():
        return SKIPPED
    if options.server == "mute_dns" and not network.isolate_names(options.work):
        return SKIPPED
    with servers.STARTERS[options.server](options) as server:
        places = {"{port}": server.port, "{control}": server.control_port, "{pki}": options.pki}
        command = []
        for word in program:
            for place, value in places.items():
                word = word.replace(place, str(value))
            command.append(word)
        try:
            status = subprocess.run(command, timeout=options.timeout, check=False,
                                    stdin=subprocess.DEVNULL,
                                    preexec_fn=servers.end_with_parent).returncode
        except subprocess.TimeoutExpired:
            print(f"still running after {options.timeout} s: {' '.join(command)}", file=sys.stderr)
            status = None
        if status != options.expect:
            print(f"exit status {status}, expected {options.expect}: {' '.join(command)}",
                  file=sys.stderr)
            server.show_log()
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
