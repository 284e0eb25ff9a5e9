# Read by the scripts that look into the library while it runs: an installed package of objects that are
# not finished, with the local names, lines or counters that finishing would drop. What other libraries
# could collide with is kept apart all the same.
#
#     whole_package ENGINE FOLDER PREFIX CARGO_PROFILE [options of rustc...]
#
# Compiles into CARGO_TARGET_DIR, for RUST_TARGET when that is set, with CFLAGS for the C parts. A function
# `also_linked`, when there is one, prints further words for the linker; it is given the archive.
whole_package() {
    local engine=$1 folder=$2 prefix=$3 profile=$4 built=$CARGO_TARGET_DIR/${RUST_TARGET:+$RUST_TARGET/}
    shift 4
    env -u CARGO_TARGET_DIR -u CFLAGS cmake -S . -B "$folder" -DLINKSDK_ENGINE="$engine" \
        -DLINKSDK_INSTALL_TOOL=OFF >/dev/null || return
    case $profile in
    dev) built+=debug ;;
    *) built+=$profile ;;
    esac
    # The pre-shared key of the Link SDK has 64 bytes; Mbed TLS takes 32 unless it is compiled otherwise.
    local flags=
    [ "$engine" != mbedtls ] || flags=-DMBEDTLS_PSK_MAX_LEN=64
    for link_profile in hal mqtt sdk; do
        local name=linksdk_$link_profile
        [ $link_profile != sdk ] || name=linksdk
        CFLAGS="${CFLAGS:-} $flags" cargo rustc -p linksdk-hal --lib --crate-type staticlib --locked \
            --profile "$profile" ${RUST_TARGET:+--target "$RUST_TARGET"} --no-default-features \
            --features "$link_profile,engine-$engine" -- "$@" || return
        local words=
        if declare -F also_linked >/dev/null; then
            words=$(also_linked "$built/liblinksdk_hal.a") || return
        fi
        # The crates of Mbed TLS bring its objects twice, the same ones.
        # shellcheck disable=SC2086 # a list of words
        ld -r --allow-multiple-definition --whole-archive "$built/liblinksdk_hal.a" $words -o "$folder/$name.whole.o" || return
        objcopy --keep-global-symbols=cmake/exports/$link_profile.txt ${STRIP_DEBUG:+--strip-debug} \
            --remove-section=.llvmbc --remove-section=.llvmcmd \
            "$folder/$name.whole.o" "$folder/$name.o" || return
        rm -f "$folder/$name.whole.o" "$folder/lib$name.a"
        ar rcsD "$folder/lib$name.a" "$folder/$name.o" || return
    done
    rm -rf "$prefix"
    cmake --install "$folder" --prefix "$prefix"
}
