//! `linksdk-x509 check`: will this certificate and this key work, and with that server?

mod authorities;
mod c_lexer;
mod c_source;
mod certificate;
mod chain;
mod codes;
mod connect;
mod finding;
mod key;
mod output;
mod pair;
mod pem_check;
mod pem_other;
mod pem_scan;
mod secrecy;
mod state;
mod text;

#[cfg(test)]
mod properties;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{ArgGroup, Args, ValueEnum};

use self::c_source::Source;
use self::connect::Endpoint;
use self::finding::{Place, Report, Verdict};
use self::output::Output;
use self::text::Text;

/// Say whether a device's certificate and key will work, and why not
///
/// Reads PEM files, or the C source that defines g_cli_crt and g_cli_key, as the library does, and
/// prints one finding per line: ok, info, warning or problem, where it is, and what to change. With
/// --connect it also tries the TLS handshake with a server and prints each step. Nothing that it
/// prints holds key material.
#[derive(Args)]
#[command(
    group = ArgGroup::new("input").required(true).multiple(true)
        .args(["cert", "key", "ca", "source", "connect"]),
    after_help = AFTER,
)]
pub(crate) struct Arguments {
    /// The device's certificate, PEM; may be followed by its chain
    #[arg(long, value_name = "FILE")]
    cert: Option<PathBuf>,
    /// The device's private key, PEM: PKCS#1, PKCS#8 or SEC1
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Root certificates of the server, PEM; may be repeated. Without it --connect uses the
    /// platform's roots that the library carries
    #[arg(long, value_name = "FILE")]
    ca: Vec<PathBuf>,
    /// A C source that defines g_cli_crt, g_cli_key and perhaps iotx_ca_crt; --cert, --key and --ca
    /// go before what it defines
    #[arg(long, value_name = "FILE.c")]
    source: Option<PathBuf>,
    /// The TLS engine of the device's library
    #[arg(long, value_enum, default_value_t = Engine::Rustls)]
    engine: Engine,
    /// Try the handshake with this server; port 1883 unless given; IPv6 addresses in brackets
    #[arg(long, value_name = "HOST[:PORT]")]
    connect: Option<Endpoint>,
    /// How long each step of --connect may take, in seconds
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=120))]
    timeout: u64,
    /// Print one JSON object for scripts
    #[arg(long)]
    json: bool,
    /// Let warnings count as problems in the exit status
    #[arg(long)]
    strict: bool,
}

const AFTER: &str = "\
Exit status:
  0  no problem found
  1  at least one problem (with --strict also: at least one warning)
  2  wrong arguments
  3  no problem found, but something could not be tried: a file that cannot be
     read, a host that cannot be reached

Examples:
  linksdk-x509 check --cert device.crt --key device.key --ca platform-ca.crt
  linksdk-x509 check --source device.c
  linksdk-x509 check --cert device.crt --key device.key --json \\
      --connect x509.itls.cn-shanghai.aliyuncs.com:1883";

/// A TLS engine of the library (docs/engines.md).
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Engine {
    /// rustls with ring, the default
    Rustls,
    /// Mbed TLS 2.28
    Mbedtls,
}

/// What was read.
#[derive(Default)]
struct Inputs {
    certificate: Option<Text>,
    key: Option<Text>,
    authorities: Vec<Text>,
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let mut report = Report::default();
    let mut output = Output::new(arguments.json);
    let inputs = read(arguments, &mut report);
    let chain = pair::check(
        inputs.certificate.as_ref(),
        inputs.key.as_ref(),
        arguments.engine,
        &mut report,
    );
    let authorities: Vec<&Text> = inputs.authorities.iter().collect();
    let roots = authorities::check(&authorities, &mut report);
    if let Some(text) = &inputs.certificate {
        chain::check(text, &chain, &roots, &mut report);
    }
    say_what_is_missing(&inputs, &mut report);
    check_secrecy(arguments, &mut report);
    output.findings(&report);
    if let Some(endpoint) = &arguments.connect {
        let plan = connect::Plan {
            endpoint,
            timeout: Duration::from_secs(arguments.timeout),
            engine: arguments.engine,
            certificate: inputs.certificate.as_ref().map(|text| text.bytes.as_slice()),
            key: inputs.key.as_ref().map(|text| text.bytes.as_slice()),
            chain: &chain,
            roots: if arguments.ca.is_empty() && inputs.authorities.is_empty() {
                None
            } else {
                Some(&roots)
            },
        };
        connect::run(&plan, &mut report, &mut output);
        output.findings(&report);
    }
    let whole = inputs.certificate.is_some() && inputs.key.is_some();
    output.end(&report, whole, arguments.connect.as_ref());
    match report.worst() {
        Verdict::Problem => ExitCode::from(1),
        _ if arguments.strict && report.count(Verdict::Warning) > 0 => ExitCode::from(1),
        Verdict::Untried => ExitCode::from(3),
        _ => ExitCode::SUCCESS,
    }
}

/// Reads all files. One that cannot be read is a finding, so that the others are still checked.
fn read(arguments: &Arguments, report: &mut Report) -> Inputs {
    let mut inputs = Inputs::default();
    if let Some(path) = &arguments.source {
        let mut needed = Vec::new();
        if arguments.cert.is_none() {
            needed.push(c_source::CERTIFICATE);
        }
        if arguments.key.is_none() {
            needed.push(c_source::KEY);
        }
        match Source::read(path, &needed, report) {
            Ok(source) => {
                inputs.certificate = source.certificate;
                inputs.key = source.key;
                inputs.authorities.extend(source.authorities);
            }
            Err(failure) => unreadable(path, &failure.to_string(), report),
        }
    }
    let mut file = |path: &Path| match Text::read(path) {
        Ok(text) => Some(text),
        Err(failure) => {
            unreadable(path, &failure.to_string(), report);
            None
        }
    };
    if let Some(path) = &arguments.cert {
        inputs.certificate = file(path);
    }
    if let Some(path) = &arguments.key {
        inputs.key = file(path);
    }
    if !arguments.ca.is_empty() {
        inputs.authorities = arguments.ca.iter().filter_map(|path| file(path)).collect();
    }
    inputs
}

fn unreadable(path: &Path, sentences: &str, report: &mut Report) {
    let place = Place::whole(path.display().to_string());
    let what = sentences.split_once(". ").map_or(sentences, |(what, _)| what);
    report.untried("unreadable", &place, what, "check the name, and that you may read the file");
}

fn say_what_is_missing(inputs: &Inputs, report: &mut Report) {
    match (&inputs.certificate, &inputs.key) {
        (Some(text), None) => {
            report.info("no-key", &text.whole(), "no key to compare it with (--key)");
        }
        (None, Some(text)) => {
            report.info(
                "no-certificate",
                &text.whole(),
                "no certificate to compare it with (--cert)",
            );
        }
        _ => {}
    }
}

/// Every file that holds a private key, wherever it was meant to be.
fn check_secrecy(arguments: &Arguments, report: &mut Report) {
    let files = [&arguments.cert, &arguments.key, &arguments.source];
    for path in files.into_iter().flatten().chain(&arguments.ca) {
        let Ok(text) = Text::read(path) else { continue };
        let holds_key = pem_scan::find(&text.bytes, b"PRIVATE KEY-", 0).is_some();
        if holds_key || arguments.key.as_ref() == Some(path) {
            secrecy::check(path, report);
        }
    }
}
