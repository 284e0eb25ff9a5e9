//! `--connect`: each step from the name to the last word of the server.

mod endpoint;
mod handshake;
mod judge;
mod observe;
mod old_server;

use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use linksdk_hal::deadline::Deadline;
use linksdk_hal::error::{Error, ErrorKind};
use linksdk_hal::os::dns;
use linksdk_hal::tls::credentials::{self, Key, KeyFormat};
use linksdk_hal::tls::name::ServerName as Name;
use linksdk_hal::tls::{configuration, credentials::PrivateKey};
use rustls::RootCertStore;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use serde_json::json;

pub(crate) use self::endpoint::Endpoint;
use self::handshake::Setup;
use super::certificate::Certificate;
use super::finding::{Place, Report};
use super::output::Output;
use super::{Engine, authorities, state};
use crate::progress::Progress;

/// With whom to connect, and as whom.
pub(crate) struct Plan<'a> {
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) timeout: Duration,
    pub(crate) engine: Engine,
    /// PEM text.
    pub(crate) certificate: Option<&'a [u8]>,
    pub(crate) key: Option<&'a [u8]>,
    /// The device's chain, read.
    pub(crate) chain: &'a [Certificate],
    /// `None`: the platform's roots that the library carries.
    pub(crate) roots: Option<&'a [Certificate]>,
}

pub(crate) fn run(plan: &Plan<'_>, report: &mut Report, output: &mut Output) {
    let place = Place::whole(plan.endpoint.to_string());
    let roots = match plan.roots {
        Some(roots) => roots.to_vec(),
        None => {
            report.info(
                "platform-roots",
                &place,
                "no --ca given: the platform's public roots are trusted",
            );
            platform_roots()
        }
    };
    let certificate = device(plan, &place, report);
    output.findings(report);
    let Some((addresses, dns)) = resolve(plan, &place, report, output) else { return };
    let mut connection = json!({
        "host": plan.endpoint.host,
        "port": plan.endpoint.port,
        "dns_milliseconds": dns,
        "addresses": [],
        "handshakes": [],
    });
    let mut reached = None;
    let tried: Vec<_> = addresses
        .iter()
        .map(|address| {
            let outcome = reach(*address, plan.timeout, output);
            if outcome.is_ok() {
                reached = reached.or(Some(*address));
            }
            json!({"address": address.to_string(), "error": outcome.err()})
        })
        .collect();
    insert(&mut connection, "addresses", tried.into());
    let (Some(address), Some(name)) = (reached, server_name(plan.endpoint)) else {
        output.connection(connection);
        let error = Error::new(ErrorKind::Connect, "no address accepted a TCP connection");
        return report.untried("tcp", &place, state::sentence(&error), error.kind().advice());
    };
    let mut store = RootCertStore::empty();
    store
        .add_parsable_certificates(roots.iter().map(|root| CertificateDer::from(root.der.clone())));
    let setup = Setup { roots: Arc::new(store), name, certificate, timeout: plan.timeout };
    let handshakes = [("TLS 1.3", &TLS13), ("TLS 1.2", &TLS12)].map(|(offered, version)| {
        let progress = Progress::start(&format!("Waiting for the {offered} handshake"));
        let result = handshake::attempt(&setup, address, offered, version);
        drop(progress);
        judge::show(&result, &setup, &roots, output);
        result
    });
    let described: Vec<_> =
        handshakes.iter().map(|result| judge::describe(result, &setup, &roots)).collect();
    insert(&mut connection, "handshakes", described.into());
    let old = judge::may_be_old(&handshakes).then(|| {
        let _progress = Progress::start("Asking for RSA key exchange");
        old_server::ask(address, &plan.endpoint.host, plan.timeout)
    });
    let old = old.flatten();
    insert(&mut connection, "rsa_key_exchange", json!(old));
    output.connection(connection);
    judge::findings(&handshakes, &roots, plan, old, &place, report);
}

fn insert(object: &mut serde_json::Value, name: &str, value: serde_json::Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(name.to_owned(), value);
    }
}

fn platform_roots() -> Vec<Certificate> {
    let sections = super::pem_scan::sections(authorities::PLATFORM_ROOTS.as_bytes());
    sections.iter().filter_map(|one| Certificate::read(one.der.as_ref().ok()?).ok()).collect()
}

/// The device's certificate and key, if the library would connect with them.
fn device(plan: &Plan<'_>, place: &Place, report: &mut Report) -> Option<Arc<CertifiedKey>> {
    let (Some(certificate), Some(key)) = (plan.certificate, plan.key) else {
        if plan.certificate.is_some() || plan.key.is_some() {
            report.warning(
                "alone",
                place,
                "certificate and key are needed to authenticate; this connects without",
                "give both, with --cert and --key or with --source",
            );
        }
        return None;
    };
    let loaded = credentials::read(Some(certificate), Some(&PrivateKey::pem(key)));
    let checked = loaded.and_then(|read| match read {
        Some(read) => configuration::check_credentials(&read).map(|()| Some(read)),
        None => Ok(None),
    });
    let read = match checked {
        Ok(read) => read?,
        Err(error) => {
            report.untried(
                "credentials-refused",
                place,
                format!(
                    "the library refuses certificate and key before it connects: {}; the server is \
                     looked at without them",
                    state::sentence(&error)
                ),
                error.kind().advice(),
            );
            return None;
        }
    };
    let Key::Der(format, der) = &read.key else { return None };
    let key = match format {
        KeyFormat::Pkcs1 => PrivateKeyDer::Pkcs1(der.as_slice().into()),
        KeyFormat::Pkcs8 => PrivateKeyDer::Pkcs8(der.as_slice().into()),
        KeyFormat::Sec1 => PrivateKeyDer::Sec1(der.as_slice().into()),
    };
    let key = default_provider().key_provider.load_private_key(key.clone_key()).ok()?;
    Some(Arc::new(CertifiedKey::new(handshake::owned(&read.chain), key)))
}

fn server_name(endpoint: &Endpoint) -> Option<ServerName<'static>> {
    match Name::new(&endpoint.host).ok()? {
        Name::Address(address) => Some(ServerName::IpAddress(address.into())),
        Name::Dns(name) => ServerName::try_from(name).ok(),
    }
}

fn resolve(
    plan: &Plan<'_>,
    place: &Place,
    report: &mut Report,
    output: &mut Output,
) -> Option<(Vec<SocketAddr>, f64)> {
    let Endpoint { host, port } = plan.endpoint;
    let progress = Progress::start(&format!("Resolving {host}"));
    let start = Instant::now();
    let resolved = dns::resolve(host, *port, Deadline::after(plan.timeout));
    let time = start.elapsed().as_secs_f64() * 1000.0;
    drop(progress);
    match resolved {
        Ok(addresses) => {
            let list: Vec<String> =
                addresses.iter().map(SocketAddr::ip).map(|ip: IpAddr| ip.to_string()).collect();
            output.step("DNS", Some(time), &format!("{host}: {}", list.join(", ")));
            Some((addresses, time))
        }
        Err(error) => {
            output.step("DNS", Some(time), error.detail());
            report.untried("dns", place, state::sentence(&error), error.kind().advice());
            None
        }
    }
}

/// Connects to one address and hangs up.
fn reach(address: SocketAddr, timeout: Duration, output: &mut Output) -> Result<(), String> {
    let progress = Progress::start(&format!("Connecting to {address}"));
    let start = Instant::now();
    let outcome = TcpStream::connect_timeout(&address, timeout);
    let time = start.elapsed().as_secs_f64() * 1000.0;
    drop(progress);
    let said = match &outcome {
        Ok(_) => format!("{address} connected"),
        Err(error) => format!("{address} failed: {error}"),
    };
    output.step("TCP", Some(time), &said);
    outcome.map(drop).map_err(|error| error.to_string())
}
