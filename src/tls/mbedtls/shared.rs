//! What Mbed TLS connections to one target share.

use super::session::Session;
use super::ssl::Ssl;
use super::{MbedtlsEngine, errors, key, verify};
use crate::error::{Error, ErrorKind, Result};
use crate::lock::fixed::{Mutex, MutexGuard};
use crate::os::random;
use crate::tls::alert::Presented;
use crate::tls::credentials::Credentials;
use crate::tls::crypto::{self, Hash};
use crate::tls::name::ServerName;
use crate::tls::psk::PreSharedKey;
use crate::tls::{Engine, Offer};
use mbedtls::alloc::List;
use mbedtls::rng::RngCallback;
use mbedtls::ssl::Config;
use mbedtls::ssl::config::{Endpoint, Preset, Renegotiation, Transport, Version as TlsVersion};
use mbedtls::x509::{self, VerifyError};
use mbedtls_sys as sys;
use mbedtls_sys::types::raw_types::{c_int, c_uchar, c_void};
use std::sync::{Arc, PoisonError};
use zeroize::Zeroizing;

/// Ephemeral keys and authenticated encryption.
const SUITES: [c_int; 6] = [
    sys::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    sys::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    sys::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    sys::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    sys::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    sys::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
];

/// What the original offers, after its authenticated relatives. Only at the firmware's request.
const RSA_KEY_EXCHANGE_SUITES: [c_int; 6] = [
    sys::TLS_RSA_WITH_AES_128_GCM_SHA256,
    sys::TLS_RSA_WITH_AES_256_GCM_SHA384,
    sys::TLS_RSA_WITH_AES_128_CBC_SHA256,
    sys::TLS_RSA_WITH_AES_256_CBC_SHA256,
    sys::TLS_RSA_WITH_AES_128_CBC_SHA,
    sys::TLS_RSA_WITH_AES_256_CBC_SHA,
];

/// What the original offers in PSK mode comes last.
const PSK_SUITES: [c_int; 4] = [
    sys::TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256,
    sys::TLS_PSK_WITH_AES_128_GCM_SHA256,
    sys::TLS_PSK_WITH_AES_128_CBC_SHA256,
    sys::TLS_PSK_WITH_AES_128_CBC_SHA,
];

/// P-256 first: it costs least.
const CURVES: [sys::ecp_group_id; 4] =
    [sys::ECP_DP_SECP256R1, sys::ECP_DP_SECP384R1, sys::ECP_DP_CURVE25519, sys::ECP_DP_NONE];

/// Hashes for signatures within the handshake: not SHA-1. Ends with `MD_NONE`, as numbers of C.
#[allow(clippy::cast_possible_wrap, reason = "constants of C that are below 20")]
static HASHES: [c_int; 4] = [
    sys::MD_SHA256 as c_int,
    sys::MD_SHA384 as c_int,
    sys::MD_SHA512 as c_int,
    sys::MD_NONE as c_int,
];

/// What connections to one target share. Sessions are resumed between them.
pub struct Shared(Arc<Common>);

/// The part that connections hold on to.
pub(super) struct Common {
    config: Arc<Config>,
    pub(super) name: ServerName,
    pub(super) presented: Presented,
    pub(super) record_size: usize,
    session: Mutex<Option<Session>>,
}

impl Common {
    fn session(&self) -> MutexGuard<'_, Option<Session>> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the session of a complete handshake for the next connection, or none. Returns whether
    /// it is the one that was kept before.
    pub(super) fn keep(&self, session: Option<Session>) -> bool {
        let mut kept = self.session();
        let resumed = match (&*kept, &session) {
            (Some(earlier), Some(session)) => earlier.same_secret(session),
            _ => false,
        };
        *kept = session;
        resumed
    }
}

impl Shared {
    /// Everything in the form that Mbed TLS takes, parsed once. `anchors` and `credentials` have
    /// been checked.
    pub fn new(
        offer: &Offer,
        name: ServerName,
        credentials: Option<Credentials>,
        anchors: Vec<Vec<u8>>,
    ) -> Result<Self> {
        let mut config = Config::new(Endpoint::Client, Transport::Stream, Preset::Default);
        set_up(&mut config, offer).map_err(|e| failed(&e))?;
        let presented = match (&offer.pre_shared_key, credentials) {
            (Some(key), _) => {
                config.set_psk(&key.key, &key.identity).map_err(|e| refused_psk(key, &e))?;
                Presented::PreSharedKey
            }
            (None, Some(credentials)) => {
                let key = Arc::new(key::load(&credentials)?);
                let chain = list(&credentials.chain).map_err(|e| {
                    let detail = format!("a certificate of g_cli_crt cannot be used: {e}");
                    Error::new(ErrorKind::Credentials, detail)
                })?;
                config.push_cert(Arc::new(chain), key).map_err(|e| failed(&e))?;
                Presented::Certificate
            }
            (None, None) => Presented::Nothing,
        };
        if presented != Presented::PreSharedKey {
            config.set_ca_list(Arc::new(list(&anchors).map_err(|e| failed(&e))?), None);
            let name = name.clone();
            let digest = |der: &[u8]| crypto::hash(Hash::Sha256, der);
            let digests: Vec<Vec<u8>> = anchors.iter().map(|der| digest(der)).collect();
            config.set_verify_callback(
                move |certificate: &x509::Certificate, depth: i32, found: &mut VerifyError| {
                    let is_anchor = |der: &[u8]| digests.contains(&digest(der));
                    verify::contained(found, |found| {
                        verify::judge(&name, is_anchor, certificate, depth, found);
                    });
                    Ok(())
                },
            );
        }
        Ok(Self(Arc::new(Common {
            config: Arc::new(config),
            name,
            presented,
            record_size: offer.record_size,
            session: Mutex::new(None),
        })))
    }

    /// The session to resume, in the form in which it can be stored.
    pub fn session(&self) -> Option<Zeroizing<Vec<u8>>> {
        self.0.session().as_ref()?.save()
    }

    /// Brings back what [`Self::session`] gave before a restart; it has been authenticated.
    pub fn restore_session(&self, bytes: &[u8]) {
        *self.0.session() = Session::load(bytes);
    }

    /// A connection that has not sent anything yet.
    pub fn connect(&self) -> Result<Box<dyn Engine>> {
        let host = match &self.0.name {
            ServerName::Dns(name) => Some(name.as_str()),
            ServerName::Address(_) => None,
        };
        let ssl = {
            let session = self.0.session();
            Ssl::new(Arc::clone(&self.0.config), host, session.as_ref())
                .map_err(|code| errors::translate(code, true))?
        };
        Ok(Box::new(MbedtlsEngine::new(ssl, Arc::clone(&self.0))))
    }
}

fn set_up(config: &mut Config, offer: &Offer) -> mbedtls::Result<()> {
    config.set_min_version(TlsVersion::Tls1_2)?;
    config.set_max_version(TlsVersion::Tls1_2)?;
    config.set_renegotiation(Renegotiation::Disabled);
    config.set_rng(Arc::new(OsRandom));
    let mut suites = match offer.pre_shared_key {
        Some(_) => PSK_SUITES.to_vec(),
        None => SUITES.to_vec(),
    };
    if offer.rsa_key_exchange && offer.pre_shared_key.is_none() {
        suites.extend(RSA_KEY_EXCHANGE_SUITES);
    }
    suites.push(0);
    config.set_ciphersuites(Arc::new(suites));
    config.set_curves(Arc::new(CURVES.to_vec()));
    // SAFETY: a constant of the C library.
    config.set_cert_profile(unsafe { &x509::profile::NEXT });
    let pointer: *mut sys::ssl_config = config.into();
    // SAFETY: the configuration is set up and not shared yet; the list is static and ends with
    // `MD_NONE`.
    unsafe { sys::ssl_conf_sig_hashes(pointer, HASHES.as_ptr()) };
    Ok(())
}

fn failed(error: &mbedtls::Error) -> Error {
    Error::new(ErrorKind::System, format!("setting up TLS: {error}"))
}

fn refused_psk(key: &PreSharedKey, error: &mbedtls::Error) -> Error {
    let length = key.key.len();
    let detail = format!(
        "the Mbed TLS of this build takes no pre-shared key of {length} bytes ({error}); it has to be \
         compiled with -DMBEDTLS_PSK_MAX_LEN=64"
    );
    Error::new(ErrorKind::Unsupported, detail)
}

fn list(ders: &[Vec<u8>]) -> mbedtls::Result<List<x509::Certificate>> {
    let mut list = List::<x509::Certificate>::new();
    for der in ders {
        list.push(x509::Certificate::from_der(der)?);
    }
    Ok(list)
}

/// The operating system's generator: asked each time, so that a process that forks does not share
/// a state with its child.
struct OsRandom;

impl RngCallback for OsRandom {
    unsafe extern "C" fn call(_: *mut c_void, data: *mut c_uchar, length: usize) -> c_int {
        // SAFETY: Mbed TLS hands over a buffer of this length.
        let buffer = unsafe { std::slice::from_raw_parts_mut(data, length) };
        match random::fill(buffer) {
            Ok(()) => 0,
            Err(_) => sys::ERR_ENTROPY_SOURCE_FAILED,
        }
    }

    fn data_ptr(&self) -> *mut c_void {
        std::ptr::null_mut()
    }
}
