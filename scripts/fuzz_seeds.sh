# Read by fuzz.sh and fuzz_lines.sh: the fuzz targets, and the folders with the seeds of each. Needs `work`.

targets() { (cd fuzz/fuzz_targets && basename -s .rs ./*.rs); }

# The folders with seeds of a target.
seeds() { # target
    [ -d "fuzz/seeds/$1" ] && echo "fuzz/seeds/$1"
    case $1 in
    pem | certificate | c_source | c_abi)
        # A device's certificate with its key, made here so that no key is in the repository.
        local made=$work/seeds/$1
        mkdir -p "$made"
        if [ ! -s "$made/device" ]; then
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout "$made/key" \
                -out "$made/certificate" -subj /CN=seed -addext subjectAltName=DNS:seed.example,IP:127.0.0.1 \
                -days 2 2>/dev/null
            cat "$made/key" "$made/certificate" >"$made/device"
            openssl x509 -in "$made/certificate" -outform DER -out "$made/der"
        fi
        echo "$made"
        ;;
    esac
    [ "$1" = pem ] && echo certs
    return 0
}
