"""The servers that the C tests talk to. Each is a context manager with a port, ready on entry."""

import contextlib
import ctypes
import hmac
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

READY_SECONDS = 30
PR_SET_PDEATHSIG = 1


def end_with_parent():
    """Called in a new child: it ends when we do, also when we are killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Server:
    """A child process whose output goes to a log, ended on exit whatever happens."""

    def __init__(self, options, name):
        self.log_path = os.path.join(options.work, f"{name}.log")
        self.process = None
        self.port = 0
        self.control_port = 0

    def start(self, command):
        with open(self.log_path, "wb") as log:
            # Input stays open: openssl s_server ends when it is closed.
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log,
                                            preexec_fn=end_with_parent, start_new_session=True)

    def wait_until(self, ready, what):
        """Polls `ready`, because none of these servers can signal. Fails when the server ends."""
        deadline = time.monotonic() + READY_SECONDS
        while not ready():
            if self.process.poll() is not None:
                return False
            if time.monotonic() > deadline:
                self.show_log()
                sys.exit(f"{what} is not ready after {READY_SECONDS} s")
            time.sleep(0.02)
        return True

    def log_text(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def show_log(self):
        print(f"--- {self.log_path}\n{self.log_text()[-4000:]}", file=sys.stderr)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process is None:
            return
        self.process.stdin.close()
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Nothing(Server):
    """No server: what is tested needs none."""

    def __init__(self, options):
        super().__init__(options, "nothing")

    def show_log(self):
        pass


class Simulator(Server):
    """The platform, played by the companion command."""

    def __init__(self, options):
        super().__init__(options, "simulator")
        ready_file = os.path.join(options.work, "ready.json")
        if os.path.exists(ready_file):
            os.remove(ready_file)
        command = [options.tool, "simulate", "--pki", options.pki, "--listen", "127.0.0.1:0",
                   "--ready-file", ready_file, "--log", os.path.join(options.work, "platform.jsonl"),
                   "--max-seconds", str(round(getattr(options, "max_seconds", 600)))]
        if options.server_cert:
            command += ["--server-cert", options.server_cert]
        if options.tls:
            command += ["--tls-versions", options.tls]
        self.start(command)
        if not self.wait_until(lambda: complete_json(ready_file), "the simulator"):
            self.show_log()
            sys.exit("the simulator ended early")
        ready = complete_json(ready_file)
        self.port = ready["port"]
        self.control_port = ready["control_port"]


def complete_json(path):
    """The content of a JSON file, or None while it is missing or half written."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (FileNotFoundError, ValueError):
        return None


class OpenSsl(Server):
    """openssl s_server that sends each line back reversed."""

    def __init__(self, options):
        super().__init__(options, "s_server")
        pki = options.pki
        suite = ["-ciphersuites", options.suite] if options.suite else []
        suite += self.old_ways(options.only)
        self.start(["openssl", "s_server", *suite, "-accept", "127.0.0.1:0", "-rev",
                    "-cert", f"{pki}/{options.server_cert}.crt",
                    "-key", f"{pki}/{options.server_cert}.key",
                    "-CAfile", f"{pki}/device-ca.crt", "-verify_return_error",
                    "-verify" if options.optional_client_cert else "-Verify", "2",
                    *{"1.2": ["-tls1_2"], "1.3": ["-tls1_3"], None: []}[options.tls]])
        accept = re.compile(r"^ACCEPT \S*:(\d+)$", re.MULTILINE)
        if not self.wait_until(lambda: accept.search(self.log_text()), "openssl s_server"):
            self.show_log()
            sys.exit("openssl s_server ended early")
        self.port = int(accept.search(self.log_text()).group(1))

    @staticmethod
    def old_ways(only):
        """What servers from before forward secrecy speak."""
        if only == "rsa":
            return ["-cipher", "kRSA"]
        if only == "psk":
            # As the Link SDK makes identity and key for these device data.
            signed = b"ida1AbCdEfGhI&device_1timestamp2524608000000"
            text = hmac.new(b"secret", signed, "sha256").hexdigest().upper()
            return ["-cipher", "PSK-AES128-CBC-SHA", "-nocert", "-psk", text.encode().hex(),
                    "-psk_identity", "devicename|hmacsha256|a1AbCdEfGhI&device_1|2524608000000"]
        return []


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class OnFreePort(Server):
    """A server that cannot ask the kernel for a port: somebody may take ours first, so again."""

    def start_on_free_port(self, command_for, ready_pattern, what):
        for _ in range(5):
            self.port = free_port()
            self.start(command_for(self.port))
            if self.wait_until(lambda: re.search(ready_pattern, self.log_text()), what):
                return
        self.show_log()
        sys.exit(f"{what} does not start")


class GnuTls(OnFreePort):
    """gnutls-serv that echoes lines."""

    def __init__(self, options):
        super().__init__(options, "gnutls-serv")
        pki = options.pki
        version = {"1.2": "+VERS-TLS1.2", "1.3": "+VERS-TLS1.3"}[options.tls]
        self.start_on_free_port(
            lambda port: ["gnutls-serv", "--echo", "--port", str(port),
                          "--x509certfile", f"{pki}/{options.server_cert}.crt",
                          "--x509keyfile", f"{pki}/{options.server_cert}.key",
                          "--x509cafile", f"{pki}/device-ca.crt",
                          "--require-client-cert", "--verify-client-cert",
                          "--priority", f"NORMAL:-VERS-ALL:{version}"],
            r"listening on IPv4 .*done", "gnutls-serv")


class Mosquitto(OnFreePort):
    """The mosquitto broker with client certificates. Its control port takes the line "restart": the
    broker is ended, and started again on the same port."""

    def __init__(self, options):
        super().__init__(options, "mosquitto")
        pki = os.path.abspath(options.pki)
        configuration = os.path.join(options.work, "mosquitto.conf")

        def command_for(port):
            with open(configuration, "w", encoding="utf-8") as file:
                file.write(f"listener {port} 127.0.0.1\n"
                           f"cafile {pki}/device-ca.crt\n"
                           f"certfile {pki}/{options.server_cert}.crt\n"
                           f"keyfile {pki}/{options.server_cert}.key\n"
                           "require_certificate true\n"
                           "allow_anonymous true\n"
                           + (f"ciphers_tls1.3 {options.suite}\n" if options.suite else "") +
                           ("persistence true\nautosave_on_changes true\nautosave_interval 1\n"
                            f"persistence_location {os.path.abspath(options.work)}/\n"
                            if options.persistent else "persistence false\n"))
                # As root it would become the user mosquitto, who may not read the build folder.
                if os.geteuid() == 0:
                    file.write("user root\n")
            program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
            return [program, "-c", configuration, "-v"]

        for left_over in ("mosquitto.db", "mosquitto.db.new"):
            with contextlib.suppress(FileNotFoundError):
                os.remove(os.path.join(options.work, left_over))
        self.start_on_free_port(command_for, r"mosquitto version \S+ running", "mosquitto")
        self.command = command_for(self.port)
        self.persistent = options.persistent
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.control_port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve_control, daemon=True).start()

    def serve_control(self):
        while True:
            connection, _ = self.listener.accept()
            with connection, connection.makefile("rw", encoding="utf-8") as lines:
                for line in lines:
                    lines.write("ok\n" if line.strip() == "restart" and self.restart() else "error\n")
                    lines.flush()

    def restart(self):
        # A broker that keeps sessions writes them when it ends in an orderly way.
        if self.persistent:
            self.process.terminate()
        else:
            self.process.kill()
        self.process.wait()
        self.start(self.command)
        return self.wait_until(lambda: "running" in self.log_text(), "mosquitto again")


class Faulty(Server):
    """faulty.py, which fails on purpose."""

    def __init__(self, options):
        super().__init__(options, "faulty")
        pki = options.pki
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "faulty.py")
        self.start([sys.executable, program, "--cert", f"{pki}/{options.server_cert}.crt",
                    "--key", f"{pki}/{options.server_cert}.key", "--tls", options.tls,
                    *(["--repeat"] if options.repeat else []),
                    *(["--suite", options.suite] if options.suite else []), *options.behaviour])
        port = re.compile(r"^port (\d+)$", re.MULTILINE)
        if not self.wait_until(lambda: port.search(self.log_text()), "faulty.py"):
            self.show_log()
            sys.exit("faulty.py ended early")
        self.port = int(port.search(self.log_text()).group(1))


class FullBacklog(Nothing):
    """A port whose queue of connections is full: the kernel answers no SYN."""

    def __init__(self, options):
        super().__init__(options)
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(0)
        self.port = self.listener.getsockname()[1]
        self.waiting = []
        # One that is not answered within a while shows that the queue is full.
        while not self.waiting or self.is_answered(self.waiting[-1]):
            client = socket.socket()
            client.settimeout(0.5)
            self.waiting.append(client)

    def is_answered(self, client):
        try:
            client.connect(("127.0.0.1", self.port))
            return True
        except TimeoutError:
            return False


class MuteDns(Nothing):
    """The only name server there is takes questions and answers none (see network.py)."""

    def __init__(self, options):
        super().__init__(options)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))


STARTERS = {"none": Nothing, "faulty": Faulty, "full_backlog": FullBacklog, "mute_dns": MuteDns, "simulator": Simulator, "openssl": OpenSsl, "gnutls": GnuTls,
            "mosquitto": Mosquitto}
