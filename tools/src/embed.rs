//! `linksdk-x509 embed`: PEM files become the C file that an application links.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use zeroize::Zeroizing;

use crate::credentials::{self, Checked};
use crate::failure::{Outcome, complain, say};
use crate::files::{self, Existing};

/// Put a device's certificate and key into a C file
///
/// Writes a C file that defines g_cli_crt and g_cli_key, which the library reads at every
/// connection. Refuses files that cannot work: not PEM, an encrypted key, a certificate and a key
/// that do not belong together.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The device's certificate, PEM; may be followed by its chain
    #[arg(long, value_name = "FILE")]
    cert: PathBuf,
    /// The device's private key, PEM: PKCS#1, PKCS#8 or SEC1
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Root certificates of the platform, PEM; become iotx_ca_crt
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The C file to write, mode 0600
    #[arg(long, value_name = "FILE.c", default_value = "linksdk_credentials.c")]
    out: PathBuf,
    /// Replace the C file if it exists
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome<()> {
    let Checked { chain, key, warnings } =
        credentials::check_pair(&arguments.cert, &arguments.key)?;
    let authorities = arguments.ca.as_deref().map(credentials::check_authorities).transpose()?;
    let mut text = Zeroizing::new(String::from(
        "/* Written by linksdk-x509 embed. Holds a private key: do not commit, do not share. */\n\n\
         #ifdef __cplusplus\nextern \"C\" {\n#endif\n\n",
    ));
    // C++ reserves internal linkage for const objects only; these pointers are not const.
    for name in ["g_cli_crt", "g_cli_key", "iotx_ca_crt"] {
        if name != "iotx_ca_crt" || authorities.is_some() {
            let _ = writeln!(text, "extern const char *{name};");
        }
    }
    define(&mut text, "g_cli_crt", &chain);
    define(&mut text, "g_cli_key", &key);
    if let Some(authorities) = &authorities {
        define(&mut text, "iotx_ca_crt", &authorities.chain);
    }
    text.push_str("\n#ifdef __cplusplus\n}\n#endif\n");

    let existing = if arguments.force { Existing::Replace } else { Existing::Keep };
    files::write_private(&arguments.out, text.as_bytes(), existing)?;
    for warning in warnings.iter().chain(authorities.iter().flat_map(|one| &one.warnings)) {
        complain(&format!("Warning: {warning}"));
    }
    complain(&format!(
        "Warning: {} holds a private key. Do not commit it; add it to .gitignore.",
        arguments.out.display()
    ));
    say(&written(&arguments.out, authorities.is_some()));
    Ok(())
}

fn written(path: &Path, with_authorities: bool) -> String {
    let names =
        if with_authorities { "g_cli_crt, g_cli_key, iotx_ca_crt" } else { "g_cli_crt, g_cli_key" };
    format!("{}: {names}", path.display())
}

/// Defines a variable whose value is the PEM text, one string literal for each line.
fn define(text: &mut String, name: &str, pem: &str) {
    let _ = write!(text, "\nconst char *{name} =");
    for line in pem.lines() {
        let _ = write!(text, "\n    \"{line}\\r\\n\"");
    }
    text.push_str(";\n");
}
