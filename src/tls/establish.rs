//! From a target to an established connection: resolve, connect, handshake, look at certificates.
#![forbid(unsafe_code)]

use super::alert::Presented;
use super::certificate::{Certificate, Position};
use super::configuration::{self, Configuration};
use super::session::{Connection, Ended, SocketIo};
use super::time::{self, Moment};
use super::{Engine, Offer, Outcome, Target, Want};
use crate::deadline::Deadline;
use crate::error::{Error, ErrorKind, Result};
use crate::lock::{AtomicBool, Mutex};
use crate::log;
use crate::os::dns;
use crate::os::tcp::{Interest, TcpSocket};
use std::sync::{Arc, PoisonError};
use std::time::Instant;

/// Says what the firmware has given up for this connection.
fn warn_of_concessions(offer: &Offer) {
    if time::now() == Ok(Moment::NotSet) {
        log::warning!(
            "the clock is not set and the firmware accepts that: the dates of certificates are not \
             compared with today"
        );
    }
    if offer.pre_shared_key.is_some() {
        log::warning!(
            "TLS-PSK: no certificate is checked, and who learns the DeviceSecret can be the platform"
        );
    } else if offer.rsa_key_exchange {
        log::warning!(
            "TLS_RSA_* key exchange is offered: who learns the server's key can read what was sent"
        );
    }
}

impl Connection {
    /// Resolves, connects and completes the handshake, all before `deadline`. Success and failure
    /// are logged; raising a state event is for the caller, on a thread where handlers may run.
    pub fn establish(target: &Target, deadline: Deadline) -> Result<Arc<Self>> {
        let place = format!("{}:{}", target.host, target.port);
        let result = Self::try_establish(target, deadline);
        match &result {
            Ok(Self { negotiated: Some(negotiated), handshake_time, .. }) => log::info!(
                "{} {}, {} handshake with {place} in {} ms",
                negotiated.protocol,
                negotiated.cipher_suite,
                if negotiated.resumed { "resumed" } else { "full" },
                handshake_time.as_millis()
            ),
            Ok(_) => {}
            Err(error) => log::error!("connecting to {place} failed: {error}"),
        }
        result.map(Arc::new)
    }

    fn try_establish(target: &Target, deadline: Deadline) -> Result<Self> {
        let configuration = configuration::configuration(target)?;
        let engine = configuration.connect()?;
        if configuration.presented == Presented::Nothing {
            log::warning!(
                "no device certificate: g_cli_crt and g_cli_key are NULL; if the firmware defines \
                 them in a static library, name it before linksdk_hal.o, with -Wl,-u,g_cli_crt \
                 -Wl,-u,g_cli_key"
            );
        }
        warn_of_concessions(&target.offer);
        let addresses = dns::resolve(&target.host, target.port, deadline)?;
        let socket = TcpSocket::connect(&addresses, deadline)?;
        let handshake = Self::handshake(socket, engine, deadline);
        // Mbed TLS keeps in its keys what it has computed once, and does not check all that it computed
        // while memory ran out: it then takes good signatures for bad ones, as long as the keys live.
        #[cfg(feature = "engine-mbedtls")]
        let handshake = handshake.inspect_err(|error| {
            if matches!(error.kind(), ErrorKind::ServerCertificate | ErrorKind::System) {
                configuration::begin_anew(target);
            }
        });
        let mut connection = handshake?;
        connection.authenticates_device = configuration.presented != Presented::Nothing;
        if !connection.look_at_certificates(&configuration) {
            configuration::forget(target);
            let detail = "the server's certificate was refused: it has expired since the session \
                          that was resumed began";
            return Err(Error::new(ErrorKind::ServerCertificate, detail));
        }
        // Writing flash for each connection would wear it out: a resumed session goes on as it is
        // stored, with a ticket that is as good as the one before.
        #[cfg(feature = "engine-mbedtls")]
        if connection.negotiated.as_ref().is_some_and(|negotiated| !negotiated.resumed) {
            configuration.store_session();
        }
        Ok(connection)
    }

    /// Completes the handshake of `engine` over `socket`.
    pub(crate) fn handshake(
        socket: TcpSocket,
        mut engine: Box<dyn Engine>,
        deadline: Deadline,
    ) -> Result<Self> {
        let start = Instant::now();
        loop {
            let interest = match engine.step(&mut SocketIo(&socket), Want::Handshake) {
                Outcome::Done(_) => break,
                Outcome::WantRead => Interest::Read,
                Outcome::WantWrite => Interest::Write,
                Outcome::Failed(error) => return Err(error),
                Outcome::Closed | Outcome::Eof => {
                    let detail = "the server closed the connection during the handshake";
                    return Err(Error::new(ErrorKind::Handshake, detail));
                }
            };
            if deadline.is_over() {
                let detail = "the TLS handshake did not complete in time";
                return Err(Error::new(ErrorKind::Deadline, detail));
            }
            socket.wait(interest, deadline);
        }
        Ok(Self {
            socket,
            negotiated: engine.negotiated(),
            engine: Mutex::new(engine),
            destroyed: AtomicBool::new(false),
            ended: Mutex::new(Ended::default()),
            authenticates_device: false,
            handshake_time: start.elapsed(),
            server: None,
            device_certificate_end: None,
            expiring: Vec::new(),
        })
    }

    /// Keeps what people ask for, and notes which certificates end soon: a device in the field
    /// needs weeks to get a new one. `false` when a session was resumed whose certificates are not
    /// valid any more: engines verify full handshakes only.
    fn look_at_certificates(&mut self, configuration: &Configuration) -> bool {
        // Nobody else has the connection yet.
        let engine = self.engine.get_mut().unwrap_or_else(PoisonError::into_inner);
        let chain = engine.server_chain();
        let chain: Vec<Option<Certificate>> =
            chain.iter().map(|der| Certificate::read(der).ok()).collect();
        let device = configuration.device_certificate();
        // Known a moment ago, when the configuration was made.
        let Ok(now) = time::now() else { return false };
        if let Moment::Known(now) = now {
            let resumed = self.negotiated.as_ref().is_some_and(|negotiated| negotiated.resumed);
            if resumed && chain.iter().flatten().any(|c| c.position(now) != Position::Within) {
                return false;
            }
            let anchor = configuration.anchor_of(&chain);
            for (what, certificate) in [("device", device), ("root", anchor)] {
                if let Some(days) = certificate.and_then(|certificate| certificate.ends_soon(now)) {
                    self.expiring.push(format!("the {what} certificate ends in {days} days"));
                }
            }
        }
        for text in &self.expiring {
            log::warning!("{text}; replace it before devices can no longer connect");
        }
        self.device_certificate_end = device.map(|certificate| certificate.not_after);
        self.server = chain.into_iter().next().flatten();
        true
    }
}
