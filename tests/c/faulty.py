#!/usr/bin/env python3
"""A TLS server that fails on purpose, byte by byte where that is wanted.

    faulty.py --cert FILE --key FILE [--tls 1.2|1.3] [--repeat] BEHAVIOUR...

Prints "port N". Each connection gets the next behaviour; the last one stays, or with --repeat they
begin again. Ends when standard input is closed. Behaviours:

    cut:N:stall cut:N:fin cut:N:rst   sends the first N bytes of the handshake, then this
    sweep:stall                       becomes cut:N:stall for every place where a record begins, one
                                      within its header and one within its body
    drip:MS                           sends one byte every MS milliseconds
    garbage alert                     answers ClientHello with no TLS, with a fatal alert
    fin rst close data trash          completes the handshake, then ends it like that: bare FIN, RST,
                                      close_notify, a line and close_notify, a record that is none
    partial mute                      completes the handshake, then half of a record, or never reads
    echo                              completes the handshake and sends back what arrives
"""

import argparse
import contextlib
import os
import socket
import ssl
import struct
import sys
import threading
import time

ALERT = bytes.fromhex("15030300020228")
TRASH = b"\x17\x03\x03\x00\x20" + b"\x55" * 32
LINE = b"hello\n"


def server_context(options):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.cert, options.key)
    version = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}[options.tls]
    context.minimum_version = context.maximum_version = version
    if options.suite:
        context.set_ciphers(options.suite)
    return context


class Peer:
    """The server's side of one connection: TLS in memory, the socket by hand."""

    def __init__(self, context, connection):
        self.connection = connection
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self.sent = 0

    def receive(self):
        arrived = self.connection.recv(16384)
        if not arrived:
            raise ConnectionResetError
        self.incoming.write(arrived)

    def flush(self, limit=None, pause=None):
        """Sends what TLS has made; with a limit no more than that in total. False at the limit."""
        pending = self.outgoing.read()
        if limit is not None:
            pending = pending[:max(0, limit - self.sent)]
        for part in [pending] if pause is None else [pending[i:i + 1] for i in range(len(pending))]:
            self.connection.sendall(part)
            if pause is not None:
                time.sleep(pause)
        self.sent += len(pending)
        return limit is None or self.sent < limit

    def handshake(self, limit=None, pause=None):
        """False when the limit was reached."""
        while True:
            try:
                self.tls.do_handshake()
                return self.flush(limit, pause)
            except ssl.SSLWantReadError:
                if not self.flush(limit, pause):
                    return False
                self.receive()

    def hold(self):
        """Until the client goes."""
        while self.connection.recv(16384):
            pass

    def end(self, how):
        if how == "stall":
            self.hold()
        elif how == "rst":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def read_line(self):
        while True:
            try:
                return self.tls.read(16384)
            except ssl.SSLWantReadError:
                self.flush()
                self.receive()

    def close_notify(self):
        with contextlib.suppress(ssl.SSLError):
            self.tls.unwrap()
        self.flush()


def serve(context, connection, behaviour):
    peer = Peer(context, connection)
    words = behaviour.split(":")
    if words[0] == "cut":
        peer.handshake(limit=int(words[1]))
        peer.end(words[2])
    elif words[0] == "drip":
        peer.handshake(pause=int(words[1]) / 1000)
        peer.hold()
    elif words[0] in ("garbage", "alert"):
        connection.recv(16384)
        connection.sendall(ALERT if words[0] == "alert" else b"HTTP/1.1 400 Bad Request\r\n\r\n")
    else:
        peer.handshake()
        after_handshake(peer, words[0])


def after_handshake(peer, behaviour):
    if behaviour == "rst":
        peer.end("rst")
    elif behaviour == "close":
        peer.close_notify()
    elif behaviour == "data":
        peer.tls.write(LINE)
        peer.close_notify()
    elif behaviour == "trash":
        peer.connection.sendall(TRASH)
        peer.hold()
    elif behaviour == "partial":
        peer.flush()
        peer.tls.write(LINE * 100)
        record = peer.outgoing.read()
        peer.connection.sendall(record[:len(record) // 2])
        peer.hold()
    elif behaviour == "mute":
        MUTED.wait()
    elif behaviour == "echo":
        while True:
            peer.tls.write(peer.read_line())
            peer.flush()


# Nobody sets it: who waits for it waits until the program ends.
MUTED = threading.Event()


def handshake_bytes(options):
    """What the server sends in a handshake, as it would go over the wire."""
    client_context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client_context.check_hostname = False
    client_context.verify_mode = ssl.CERT_NONE
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = server_context(options).wrap_bio(to_server, to_client, server_side=True)
    back = ssl.MemoryBIO()
    client = client_context.wrap_bio(back, to_server)
    sent, done = b"", set()
    while len(done) < 2:
        for name, side in (("client", client), ("server", server)):
            with contextlib.suppress(ssl.SSLWantReadError):
                side.do_handshake()
                done.add(name)
            if "client" not in done:
                passed = to_client.read()
                back.write(passed)
                sent += passed
    return sent


def expand(options):
    behaviours = []
    for behaviour in options.behaviour:
        if behaviour != "sweep:stall":
            behaviours.append(behaviour)
            continue
        sent, at, places = handshake_bytes(options), 0, []
        while at + 5 <= len(sent):
            places += [at, at + 3, at + 7]
            at += 5 + int.from_bytes(sent[at + 3:at + 5], "big")
        behaviours += [f"cut:{place}:stall" for place in places if place < len(sent)]
    return behaviours


def one_connection(context, connection, behaviour):
    with connection, contextlib.suppress(OSError, ssl.SSLError):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        serve(context, connection, behaviour)


def accept(listener, context, behaviours, repeat):
    count = 0
    while True:
        connection, _ = listener.accept()
        if repeat:
            behaviour = behaviours[count % len(behaviours)]
        else:
            behaviour = behaviours[min(count, len(behaviours) - 1)]
        count += 1
        threading.Thread(target=one_connection, args=(context, connection, behaviour),
                         daemon=True).start()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cert", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--tls", choices=["1.2", "1.3"], default="1.3")
    parser.add_argument("--suite", help="the only cipher suite of TLS 1.2")
    parser.add_argument("--repeat", action="store_true")
    parser.add_argument("behaviour", nargs="+")
    options = parser.parse_args()
    behaviours = expand(options)
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    print(f"port {listener.getsockname()[1]}", flush=True)
    context = server_context(options)
    threading.Thread(target=accept, args=(listener, context, behaviours, options.repeat),
                     daemon=True).start()
    sys.stdin.read()
    # Threads may wait for clients that will not come.
    os._exit(0)


if __name__ == "__main__":
    main()
