#!/bin/sh
# Unpacks Rust 1.85, the oldest supported compiler, from Debian 12's packages into build/rust-1.85:
#
#     rustc=$(scripts/rust185.sh [arm64] [armhf])
#
# prints the path of a compiler for this machine and, with those names, for ARM. The machine stays as
# it is: nothing is installed, no architecture is added, apt's own lists are not touched. Ends with 3
# when the packages cannot be had.
set -eu
cd "$(dirname "$0")/.."
version=1.85.0+dfsg3-1~deb12u3
root=$PWD/build/rust-1.85
host=$(dpkg --print-architecture 2>/dev/null) || {
    echo "rust185: this is no Debian or relative (no dpkg): Rust 1.85 is taken from Debian 12's packages" >&2
    exit 3
}

# What is missing, and for which architectures apt has to know packages.
wanted=
architectures="\"$host\";"
[ -e "$root/unpacked-$host" ] ||
    wanted="rustc-web=$version libstd-rust-web-1.85=$version libstd-rust-web-dev=$version libllvm19"
for architecture in "$@"; do
    case $architecture in
    arm64 | armhf) ;;
    *)
        echo "usage: scripts/rust185.sh [arm64] [armhf]" >&2
        exit 2
        ;;
    esac
    [ -e "$root/unpacked-$architecture" ] && continue
    wanted="$wanted libstd-rust-web-dev:$architecture=$version"
    architectures="$architectures \"$architecture\";"
done

# apt with its own lists, cache and architectures, and with this machine's sources and keys.
private_apt() {
    mkdir -p "$root/apt/state/lists/partial" "$root/apt/cache/archives/partial"
    : >"$root/apt/status" # no package is installed
    cat >"$root/apt/apt.conf" <<CONFIGURATION
#clear APT::Architectures;
APT::Architectures { $architectures };
Dir::State "$root/apt/state";
Dir::State::status "$root/apt/status";
Dir::Cache "$root/apt/cache";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::Languages "none";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
// As root, apt would become a user who may not be allowed to write here.
APT::Sandbox::User "root";
CONFIGURATION
    apt-get -c "$root/apt/apt.conf" "$@"
}

if [ -n "$wanted" ]; then
    echo "rust185: fetching Rust 1.85 from Debian's packages: $wanted" >&2
    rm -rf "$root/packages"
    mkdir -p "$root/packages"
    log=$root/packages/log
    attempt=1
    # A mirror that is being synchronised fails for one index and recovers within seconds. The other
    # indexes may suffice.
    # shellcheck disable=SC2086 # a list of words
    until
        private_apt update -q >"$log" 2>&1 || true
        (cd "$root/packages" && private_apt download -q $wanted) >>"$log" 2>&1
    do
        if [ $attempt = 3 ]; then
            tail -n 15 "$log" >&2
            echo "rust185: Debian 12's packages of Rust 1.85 cannot be downloaded; check the network" \
                "and /etc/apt/sources.list, which must name bookworm" >&2
            exit 3
        fi
        attempt=$((attempt + 1))
        sleep 5
    done
    for package in "$root"/packages/*.deb; do dpkg -x "$package" "$root"; done
    for architecture in "$host" "$@"; do : >"$root/unpacked-$architecture"; done
    rm -rf "$root/packages" "$root/apt"
fi

# Only this compiler may see its libraries: a wrapper keeps them away from cargo itself.
wrapper=$root/rustc
libraries=$root/usr/lib
for folder in "$root"/usr/lib/*-linux-gnu*; do libraries=$libraries:$folder; done
cat >"$wrapper.new" <<WRAPPER
#!/bin/sh
LD_LIBRARY_PATH=$libraries exec "$root/usr/bin/rustc" --sysroot "$root/usr" "\$@"
WRAPPER
chmod +x "$wrapper.new"
# A changed compiler would be a reason to build everything again.
if cmp -s "$wrapper.new" "$wrapper"; then rm "$wrapper.new"; else mv "$wrapper.new" "$wrapper"; fi
echo "$wrapper"
