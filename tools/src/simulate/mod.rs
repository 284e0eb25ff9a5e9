//! `linksdk-x509 simulate`: the platform, on loopback.

mod connect;
mod control;
mod fault;
mod link;
mod packet;
mod platform;
mod record;
mod session;
mod tls;
mod topic;

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use clap::Args;
use rustls::ServerConfig;
use serde_json::json;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use self::link::End;
use self::platform::Platform;
use self::record::Record;
use self::tls::TlsVersion;
use crate::devices::Devices;
use crate::failure::{Explain, Failure, Outcome, say};
use crate::files::{self, Existing};

/// Play the platform on loopback, for devices with certificates
///
/// Serves MQTT 3.1.1 over TLS to devices whose certificates are in the folder that
/// `linksdk-x509 pki` made, and tells each its ProductKey and DeviceName right after CONNACK.
/// It is for tests: it listens on loopback addresses only. It ends on SIGTERM, SIGINT, the
/// control command quit, or after --max-seconds.
#[derive(Args)]
#[command(after_help = control::HELP)]
pub(crate) struct Arguments {
    /// Folder made by `linksdk-x509 pki`
    #[arg(long, value_name = "DIR")]
    pki: PathBuf,
    /// Loopback address and port; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Write one JSON object per packet and event to this file
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Write {"port":N,"pid":N,"control_port":N} to this file once ready
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// Versions of TLS to offer
    #[arg(long, value_enum, value_name = "LIST", value_delimiter = ',', default_value = "1.2,1.3")]
    tls_versions: Vec<TlsVersion>,
    /// The server's certificate: NAME.crt and NAME.key of the folder
    #[arg(long, value_name = "NAME", default_value = "server-rsa")]
    server_cert: String,
    /// End after this time
    #[arg(long, value_name = "N")]
    max_seconds: Option<u64>,
    /// Begin as if this control command had been sent; may be given several times
    #[arg(long, value_name = "COMMAND")]
    fault: Vec<String>,
    /// Shortest keep alive that is taken, in seconds; the platform's is 30
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=1200))]
    min_keep_alive: u16,
}

/// Why the simulator ends.
pub(crate) enum Stop {
    Asked(&'static str),
    Broken(Failure),
}

pub(crate) fn run(arguments: &Arguments) -> Outcome<()> {
    if !arguments.listen.ip().is_loopback() {
        return Err(Failure::new(format!(
            "Listening on {} was refused: the simulator is for tests on this machine. Use \
             127.0.0.1:PORT or [::1]:PORT.",
            arguments.listen
        )));
    }
    let config = tls::configure(&arguments.pki, &arguments.server_cert, &arguments.tls_versions)?;
    let devices = Devices::read(&arguments.pki)?;
    let known = devices.len();
    let record = Record::open(arguments.log.as_deref())?;
    let platform = Arc::new(Platform::new(devices, record, arguments.min_keep_alive));

    for command in &arguments.fault {
        control::apply(&platform, command).map_err(|reason| {
            Failure::new(format!("--fault \"{command}\" was refused: {reason}."))
        })?;
    }

    let (listener, address) = listen(arguments.listen)?;
    let (control, control_address) = listen(SocketAddr::new(arguments.listen.ip(), 0))?;
    let (stop, stopped) = mpsc::channel();
    watch_signals(stop.clone())?;
    accept_devices(listener, Arc::clone(&platform), config, stop.clone());
    accept_control(control, Arc::clone(&platform), stop);
    if let Some(path) = &arguments.ready_file {
        write_ready_file(path, address, control_address)?;
    }
    say(&format!(
        "Platform for {known} device(s) on {address}, control port {}, {}",
        control_address.port(),
        arguments.server_cert
    ));
    let end = match arguments.max_seconds {
        Some(seconds) => stopped.recv_timeout(Duration::from_secs(seconds)),
        None => stopped.recv().map_err(|_| RecvTimeoutError::Disconnected),
    };
    let (reason, outcome) = match end {
        Ok(Stop::Asked(reason)) => (reason, Ok(())),
        Ok(Stop::Broken(failure)) => ("a failure", Err(failure)),
        Err(_) => ("the time of --max-seconds is over", Ok(())),
    };
    if let Some(path) = &arguments.ready_file {
        // Whoever waits for the file later must not find one that speaks of the past.
        let _ = std::fs::remove_file(path);
    }
    platform.end_all(End::CloseNotify, reason);
    say(&format!("Ended: {reason}"));
    outcome
}

fn listen(address: SocketAddr) -> Outcome<(TcpListener, SocketAddr)> {
    let attempted = format!("Listening on {address}");
    let check = "Check that no other program has the port; port 0 takes a free one.";
    let listener = TcpListener::bind(address).explain(&attempted, check)?;
    let address = listener.local_addr().explain(&attempted, check)?;
    Ok((listener, address))
}

fn write_ready_file(path: &Path, address: SocketAddr, control: SocketAddr) -> Outcome<()> {
    let ready = json!({
        "port": address.port(),
        "pid": std::process::id(),
        "control_port": control.port(),
    });
    files::write_private(path, format!("{ready}\n").as_bytes(), Existing::Replace)
}

fn watch_signals(stop: Sender<Stop>) -> Outcome<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT])
        .explain("Watching for signals", "The system refused to install a signal handler.")?;
    thread::spawn(move || {
        for signal in signals.forever() {
            let name = if signal == SIGTERM { "SIGTERM" } else { "SIGINT" };
            let _ = stop.send(Stop::Asked(name));
        }
    });
    Ok(())
}

fn accept_devices(
    listener: TcpListener,
    platform: Arc<Platform>,
    config: Arc<ServerConfig>,
    stop: Sender<Stop>,
) {
    accept(listener, stop, move |socket| {
        let (platform, config) = (Arc::clone(&platform), Arc::clone(&config));
        thread::spawn(move || session::serve(&platform, socket, config));
    });
}

fn accept_control(listener: TcpListener, platform: Arc<Platform>, stop: Sender<Stop>) {
    accept(listener, stop.clone(), move |socket| {
        let (platform, stop) = (Arc::clone(&platform), stop.clone());
        thread::spawn(move || control::serve(&platform, &socket, &stop));
    });
}

fn accept(
    listener: TcpListener,
    stop: Sender<Stop>,
    serve: impl Fn(std::net::TcpStream) + Send + 'static,
) {
    thread::spawn(move || {
        for socket in listener.incoming() {
            match socket {
                Ok(socket) => serve(socket),
                // The device gave up before it was served: nothing of ours is broken.
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    let failure = Failure::new(format!(
                        "Accepting a connection failed: {error}. Check the limit of open files."
                    ));
                    let _ = stop.send(Stop::Broken(failure));
                    return;
                }
            }
        }
    });
}
