"""The peers, and how their programs are built."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
WORK = ROOT / "build" / "bench"

OWN_LIBRARIES = ["-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl"]
FLAGS = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", f"-I{ROOT / 'include'}"]


@dataclass(frozen=True)
class Peer:
    """One column of the table, or a yardstick beside it."""

    name: str
    sources: tuple
    # For the library of this repository: folder below build/, engine, profile.
    own: tuple = ()
    libraries: tuple = ()
    static_libraries: tuple = ()
    versions: tuple = ("1.2", "1.3")

    def objects(self):
        """What is linked beside the C sources."""
        if self.own:
            return [str(ROOT / "build" / self.own[0] / "linksdk_hal.o")]
        if self.name == "bare":
            return [str(WORK / "bare" / "release" / "libbare_engine.a")]
        return []


def _own(name, folder, engine, profile, versions):
    return Peer(name, ("peer_ours.c",), own=(folder, engine, profile),
                libraries=tuple(OWN_LIBRARIES), versions=versions)


BOTH = ("1.2", "1.3")
PEERS = {peer.name: peer for peer in [
    _own("ours-rustls", "release", "rustls", "release", BOTH),
    _own("ours-rustls-size", "size", "rustls", "size", BOTH),
    _own("ours-mbedtls", "mbedtls", "mbedtls", "release", ("1.2",)),
    _own("ours-mbedtls-size", "mbedtls-size", "mbedtls", "size", ("1.2",)),
    Peer("openssl", ("peer_openssl.c", "tcp.c"), libraries=("-lssl", "-lcrypto"),
         static_libraries=("-lssl", "-lcrypto")),
    Peer("mbedtls", ("peer_mbedtls.c", "tcp.c"), versions=("1.2",),
         libraries=("-lmbedtls", "-lmbedx509", "-lmbedcrypto"),
         static_libraries=("-lmbedtls", "-lmbedx509", "-lmbedcrypto")),
    # Debian has no static library of p11-kit and libunistring: without them, the size is a lower bound.
    Peer("gnutls", ("peer_gnutls.c", "tcp.c"), libraries=("-lgnutls",),
         static_libraries=("-Wl,--unresolved-symbols=ignore-all", "-lgnutls", "-lhogweed", "-lnettle",
                           "-lgmp", "-ltasn1", "-lidn2")),
    # No TLS: what sockets and the program itself cost.
    Peer("plain", ("peer_plain.c", "tcp.c")),
    # The engine rustls without this library around it.
    Peer("bare", ("peer_bare.c",), libraries=tuple(OWN_LIBRARIES)),
]}
COLUMNS = ["ours-rustls", "ours-rustls-size", "ours-mbedtls", "ours-mbedtls-size", "openssl", "mbedtls",
           "gnutls"]


class Failed(Exception):
    """A step did not work; the text says what was attempted and what came back."""


def run(what, words, **options):
    """Runs a command quietly; its output is shown when it fails."""
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False,
                          **options)
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-25:])
        raise Failed(f"{what} failed with {done.returncode}: {' '.join(map(str, words))}\n{tail}")
    return done.stdout


def _follow(what, words):
    """Runs a long command whose own output is the progress that is shown."""
    if subprocess.run([str(word) for word in words], cwd=ROOT, check=False).returncode != 0:
        raise Failed(f"{what} failed; repeat it with: {' '.join(map(str, words))}")


def build_own(folder, engine, profile, target):
    """One build of the library, as `make` does it."""
    build = ROOT / "build" / folder
    run("configuring", ["cmake", "-S", ROOT, "-B", build, f"-DLINKSDK_ENGINE={engine}",
                        f"-DLINKSDK_BUILD_PROFILE={profile}"])
    _follow(f"building {folder}", ["cmake", "--build", build, "--target", target])


def build_libraries(peers):
    """The libraries of this repository that the peers need."""
    for peer in peers:
        if peer.own:
            build_own(*peer.own, "linksdk_hal_finished")
        if peer.name == "bare":
            _follow("building the engine alone",
                    ["cargo", "build", "--release", "--locked", "--manifest-path",
                     HERE / "bare" / "Cargo.toml", "--target-dir", WORK / "bare"])


def build_programs(peers):
    """The server, and for each peer: speed, memory and the static program whose size is taken."""
    programs = WORK / "programs"
    shutil.rmtree(programs, ignore_errors=True)
    programs.mkdir(parents=True)
    compiler = os.environ.get("CC", "gcc")

    def compile_to(name, sources, extra):
        words = [compiler, *FLAGS, *(HERE / source for source in sources), "-o", programs / name, *extra]
        run(f"compiling {name}", words)

    compile_to("server", ["server.c"], ["-lssl", "-lcrypto", "-lpthread"])
    for peer in peers:
        linked = [*peer.objects(), *peer.libraries]
        compile_to(f"speed-{peer.name}", ["speed.c", "client.c", *peer.sources], linked)
        compile_to(f"memory-{peer.name}", ["memory.c", "meter.c", "client.c", *peer.sources],
                   [*linked, "-lpthread"])
        static = ["-static", "-s", "-Wl,--gc-sections", *peer.objects()]
        compile_to(f"firmware-{peer.name}", ["firmware.c", *peer.sources],
                   [*static, *peer.static_libraries])
    return programs


def build_mqtt(names):
    """For each build of profile sdk the program that publishes, and the simulator."""
    programs = WORK / "programs"
    for name in names:
        folder, engine, profile = PEERS[name].own
        build_own(folder, engine, profile, "linksdk_finished")
        run("compiling mqtt_rate",
            [os.environ.get("CC", "gcc"), *FLAGS, f"-I{ROOT / 'include' / 'compat'}", HERE / "mqtt_rate.c",
             "-o", programs / f"mqtt-{name}", ROOT / "build" / folder / "linksdk.o", *OWN_LIBRARIES])
    _follow("building the simulator",
            ["cargo", "build", "--release", "--locked", "--package", "linksdk-x509"])
    return programs


def make_certificates():
    """Fresh ones each time: they are valid for two days."""
    pki = WORK / "pki"
    shutil.rmtree(pki, ignore_errors=True)
    run("making certificates", [sys.executable, ROOT / "tests" / "c" / "certificates.py", pki])
    return pki
