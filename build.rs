//! Compiles the C shim, turns the platform's roots into C, and generates the C header.
//!
//! Everything is written to `OUT_DIR`; `tests/headers.rs` compares the header there with the one
//! in `include/`.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Sources of `src/ffi` whose functions the Link SDK's own header names declare (`include/compat`),
/// or that export nothing. All others make up `linksdk_hal.h`.
const NOT_IN_HEADER: [&str; 15] = [
    "boundary.rs",
    "device_model.rs",
    "events.rs",
    "ioctl.rs",
    "kv.rs",
    "link_sdk.rs",
    "mod.rs",
    "mqtt.rs",
    "os.rs",
    "own_sdk.rs",
    "ptr.rs",
    "settings.rs",
    "sign.rs",
    "sign_types.rs",
    "surroundings.rs",
];

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    for input in ["build.rs", "cbindgen.toml", "csrc", "certs", "src/ffi"] {
        println!("cargo::rerun-if-changed={input}");
    }
    let sdk = env::var_os("CARGO_FEATURE_SDK").is_some();
    compile_shim(&root, &out, sdk)?;
    generate_header(&root, &out)
}

fn compile_shim(root: &Path, out: &Path, sdk: bool) -> Result<(), Box<dyn Error>> {
    let mut shim = cc::Build::new();
    shim.std("c99").warnings(true).extra_warnings(true).file(root.join("csrc/credentials.c"));
    let mqtt = env::var_os("CARGO_FEATURE_MQTT").is_some();
    if mqtt || env::var_os("CARGO_FEATURE_ENGINE_MBEDTLS").is_some() {
        shim.file(root.join("csrc/kv.c"));
    }
    if sdk {
        let roots = out.join("roots.c");
        fs::write(&roots, roots_source(&root.join("certs"))?)?;
        shim.file(root.join("csrc/variadics.c")).file(roots);
    }
    shim.try_compile("linksdk_shim")?;
    Ok(())
}

/// The C file that defines `iotx_ca_crt` from all PEM files of `folder`, in the order of their names.
fn roots_source(folder: &Path) -> Result<String, Box<dyn Error>> {
    let mut source = String::from(
        "extern const char *iotx_ca_crt;\n__attribute__((weak)) const char *iotx_ca_crt =\n",
    );
    for file in sorted(folder, "pem")? {
        for line in fs::read_to_string(file)?.lines() {
            if line.contains(['"', '\\']) {
                return Err("a PEM line cannot be written as a C string".into());
            }
            source.push_str(&format!("    \"{line}\\r\\n\"\n"));
        }
    }
    source.push_str("    \"\";\n");
    Ok(source)
}

fn generate_header(root: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    let mut header = cbindgen::Builder::new()
        .with_config(cbindgen::Config::from_file(root.join("cbindgen.toml"))?);
    for source in sorted(&root.join("src/ffi"), "rs")? {
        let name = source.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !NOT_IN_HEADER.contains(&name) {
            header = header.with_src(&source);
        }
    }
    let mut text = Vec::new();
    header.generate()?.write(&mut text);
    let text = for_doxygen(&String::from_utf8(text)?);
    if let Some(line) = text.lines().find(|line| line.contains("Option_")) {
        return Err(format!("write the function type out in the export itself: {line}").into());
    }
    fs::write(out.join("linksdk_hal.h"), text)?;
    Ok(())
}

/// The sections that rustdoc and readers of Rust know, as the commands of Doxygen, which editors show
/// beside a call.
fn for_doxygen(header: &str) -> String {
    header.replace(" * # Safety\n * ", " * @pre ").replace(" *\n * Returns ", " *\n * @return ")
}

fn sorted(folder: &Path, extension: &str) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
