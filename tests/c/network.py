"""A network of our own, in which "all addresses" means loopback."""

import ctypes
import fcntl
import os
import socket
import struct

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS = 0x8914
IFF_UP = 1


def isolate():
    """Moves this process, and the children that it starts from now on, into a network that has
    nothing but loopback. False when the system does not allow it."""
    libc = ctypes.CDLL(None, use_errno=True)
    as_root = libc.unshare(CLONE_NEWNET) == 0
    if not as_root and libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
        print(f"no network of our own: {os.strerror(ctypes.get_errno())}")
        return False
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
    return True
