"""A network of our own, in which "all addresses" means loopback."""

import ctypes
import fcntl
import os
import socket
import struct

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS = 0x8914
IFF_UP = 1
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000


def isolate():
    """Moves this process, and the children that it starts from now on, into a network that has
    nothing but loopback. False when the system does not allow it."""
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.geteuid(), os.getegid()
    as_root = libc.unshare(CLONE_NEWNET) == 0
    if not as_root and libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
        print(f"no network of our own: {os.strerror(ctypes.get_errno())}")
        return False
    if not as_root:
        # Programs that set their own ids, as make does, fail where these have no meaning.
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"),
                           ("gid_map", f"{group} {group} 1")):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
    return True


def isolate_names(work):
    """Like isolate(); names are asked of a server on loopback only, which nobody has started yet.
    False when the system does not allow it."""
    if not isolate():
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0 or libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None) != 0:
        print(f"no mounts of our own: {os.strerror(ctypes.get_errno())}")
        return False
    for name, content in (("resolv.conf", "nameserver 127.0.0.1\n"),
                          ("nsswitch.conf", "hosts: files dns\n")):
        path = os.path.join(os.path.abspath(work), name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        if libc.mount(path.encode(), f"/etc/{name}".encode(), None, MS_BIND, None) != 0:
            print(f"/etc/{name} cannot be replaced: {os.strerror(ctypes.get_errno())}")
            return False
    return True
