//! From a target to a checked configuration, kept while it is used again: certificates and keys are
//! parsed once, and sessions are resumed only between connections of the same configuration.
#![forbid(unsafe_code)]

use super::alert::Presented;
use super::certificate::Certificate;
use super::credentials::{self, Credentials, PrivateKey};
use super::name::ServerName;
use super::{Engine, Offer, Target, Version, engine, time, trust};
#[cfg(feature = "engine-mbedtls")]
use super::{crypto, store};
use crate::error::{Error, ErrorKind, Result};
use crate::lock::fixed::{Mutex, MutexGuard};
use crate::log;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, OnceLock, PoisonError};

/// How many configurations are kept. A device talks to one or two servers.
const KEPT: usize = 4;

/// Everything that connections to one target share.
pub struct Configuration {
    id: Id,
    #[cfg(feature = "engine-mbedtls")]
    stored: Stored,
    shared: engine::Shared,
    /// What the device shows of itself.
    pub(super) presented: Presented,
    leaf: Option<Certificate>,
    /// What the trust anchors say about themselves, as far as they can be read.
    anchors: Vec<Certificate>,
}

impl Configuration {
    /// A connection that has not sent anything yet.
    pub fn connect(&self) -> Result<Box<dyn Engine>> {
        self.shared.connect()
    }

    /// The trust anchor that a server's chain leads to, as far as its certificates can be read; of
    /// several with the same name the one that lasts longest.
    pub fn anchor_of(&self, chain: &[Option<Certificate>]) -> Option<&Certificate> {
        let issued =
            |anchor: &&Certificate| chain.iter().flatten().any(|c| c.issuer == anchor.subject);
        self.anchors.iter().filter(issued).max_by_key(|anchor| anchor.not_after)
    }

    /// Brings back the session that was stored before a restart.
    #[cfg(feature = "engine-mbedtls")]
    fn restore_session(&self) {
        let stored = store::current().and_then(|store| {
            let Stored { endpoint, fingerprint } = &self.stored;
            store.load(endpoint, fingerprint)
        });
        if let Some(session) = stored {
            self.shared.restore_session(&session);
        }
    }

    /// Stores the session that the next connection can resume, if the firmware wants that. Calls the
    /// firmware, with no lock held.
    #[cfg(feature = "engine-mbedtls")]
    pub fn store_session(&self) {
        if let Some((store, session)) = store::current().zip(self.shared.session()) {
            store.save(&self.stored.endpoint, &self.stored.fingerprint, &session);
        }
    }

    /// The device's own certificate, if it has one to present.
    pub fn device_certificate(&self) -> Option<&Certificate> {
        self.leaf.as_ref()
    }
}

/// What a configuration is for.
#[derive(PartialEq, Eq)]
struct Id {
    host: String,
    port: u16,
    /// Of everything that it depends on, by two hash functions whose keys are random in each process:
    /// nobody can choose credentials that have the mark of others, and the key itself is not kept. A
    /// cryptographic digest of each connection's credentials would cost half of a resumed handshake.
    mark: [u64; 2],
}

impl Id {
    fn of(target: &Target) -> Self {
        static FUNCTIONS: OnceLock<[RandomState; 2]> = OnceLock::new();
        let functions = FUNCTIONS.get_or_init(Default::default);
        let rest = Rest::of(target);
        let parts = rest.parts(target);
        let mark = functions.each_ref().map(|function| function.hash_one(parts));
        Self { host: target.host.clone(), port: target.port, mark }
    }

    fn is_at(&self, target: &Target) -> bool {
        self.port == target.port && self.host == target.host
    }
}

/// How a stored session is found again, also by another process: digests.
#[cfg(feature = "engine-mbedtls")]
struct Stored {
    /// Of everything that the configuration depends on.
    fingerprint: [u8; 32],
    /// Of host and port.
    endpoint: [u8; 32],
}

#[cfg(feature = "engine-mbedtls")]
impl Stored {
    fn of(target: &Target) -> Self {
        let rest = Rest::of(target);
        let fingerprint = crypto::sha256_of_parts(&rest.parts(target));
        Self { fingerprint, endpoint: endpoint(target) }
    }
}

#[cfg(feature = "engine-mbedtls")]
fn endpoint(target: &Target) -> [u8; 32] {
    crypto::sha256_of_parts(&[Some(target.host.as_bytes()), Some(&target.port.to_be_bytes())])
}

/// What of a target is no text of its own, as bytes.
struct Rest {
    port: [u8; 2],
    offered: [u8; 5],
    external: Option<[u8; 8]>,
}

impl Rest {
    fn of(target: &Target) -> Self {
        let offer = &target.offer;
        let [.., high, low] = offer.record_size.to_be_bytes();
        let is_tls_1_3 = |version| u8::from(version == Version::Tls13);
        Self {
            port: target.port.to_be_bytes(),
            offered: [
                is_tls_1_3(offer.versions.0),
                is_tls_1_3(offer.versions.1),
                u8::from(offer.rsa_key_exchange),
                high,
                low,
            ],
            external: match &target.private_key {
                Some(PrivateKey::External(key)) => Some(key.id().to_be_bytes()),
                _ => None,
            },
        }
    }

    /// Everything that a configuration depends on.
    fn parts<'a>(&'a self, target: &'a Target) -> [Option<&'a [u8]>; 9] {
        let psk = target.offer.pre_shared_key.as_ref();
        let pem = match &target.private_key {
            Some(PrivateKey::Pem(text)) => Some(text.as_slice()),
            _ => None,
        };
        [
            Some(&self.offered),
            Some(target.host.as_bytes()),
            Some(&self.port),
            Some(&target.trust_anchors),
            target.certificate.as_deref(),
            pem,
            self.external.as_ref().map(|id| id.as_slice()),
            psk.map(|psk| psk.identity.as_bytes()),
            psk.map(|psk| psk.key.as_slice()),
        ]
    }
}

/// The most recently used first; one for each host and port, so that keys that the firmware has
/// replaced do not stay in memory.
static CONFIGURATIONS: Mutex<Vec<Arc<Configuration>>> = Mutex::new(Vec::new());

fn kept() -> MutexGuard<'static, Vec<Arc<Configuration>>> {
    CONFIGURATIONS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Forgets the configuration for the target's host and port: the next connection makes it from what
/// the firmware has set, and from what is stored.
pub fn begin_anew(target: &Target) {
    kept().retain(|kept| !kept.id.is_at(target));
}

/// Forgets the configuration for the target's host and port, and with it sessions to resume.
pub fn forget(target: &Target) {
    begin_anew(target);
    #[cfg(feature = "engine-mbedtls")]
    if let Some(store) = store::current() {
        store.erase(&endpoint(target));
    }
}

/// The configuration for `target`: the one made before for the same host, port, trust anchors,
/// credentials and offer, or a new one. Refuses credentials and trust anchors that cannot work, and
/// checks the dates of the device's certificate each time.
pub fn configuration(target: &Target) -> Result<Arc<Configuration>> {
    let now = time::now()?;
    let id = Id::of(target);
    let known = kept().iter().find(|kept| kept.id == id).map(Arc::clone);
    let configuration = match known {
        Some(configuration) => configuration,
        None => Arc::new(build(target, id)?),
    };
    if let Some(leaf) = &configuration.leaf {
        credentials::check_dates(leaf, now)?;
    }
    let mut kept = kept();
    kept.retain(|kept| !kept.id.is_at(target));
    kept.insert(0, Arc::clone(&configuration));
    kept.truncate(KEPT);
    Ok(configuration)
}

fn build(target: &Target, id: Id) -> Result<Configuration> {
    let name = ServerName::new(&target.host)?;
    if target.offer.pre_shared_key.is_some() {
        // Who has the key is the platform: no certificate is sent or looked at.
        let shared = engine::Shared::new(&target.offer, name, None, Vec::new())?;
        return Ok(Configuration {
            id,
            #[cfg(feature = "engine-mbedtls")]
            stored: Stored::of(target),
            shared,
            presented: Presented::PreSharedKey,
            leaf: None,
            anchors: Vec::new(),
        });
    }
    // Credentials first: they are refused before anything else is looked at.
    let credentials =
        credentials::read(target.certificate.as_deref(), target.private_key.as_ref())?;
    let leaf = credentials.as_ref().map(|credentials| credentials.leaf.clone());
    if let Some(credentials) = &credentials {
        engine::check_key(credentials)?;
    }
    let usable = usable_anchors(&target.trust_anchors)?;
    let anchors = usable.iter().filter_map(|der| Certificate::read(der).ok()).collect();
    let shared = engine::Shared::new(&target.offer, name, credentials, usable)?;
    let presented = match leaf {
        Some(_) => Presented::Certificate,
        None => Presented::Nothing,
    };
    let configuration = Configuration {
        id,
        #[cfg(feature = "engine-mbedtls")]
        stored: Stored::of(target),
        shared,
        presented,
        leaf,
        anchors,
    };
    #[cfg(feature = "engine-mbedtls")]
    configuration.restore_session();
    Ok(configuration)
}

/// The certificates of a bundle that can be trust anchors.
fn usable_anchors(bundle: &[u8]) -> Result<Vec<Vec<u8>>> {
    let mut usable = Vec::new();
    for (number, der) in trust::certificates(bundle)?.into_iter().enumerate() {
        match engine::check_anchor(&der) {
            Ok(()) => usable.push(der),
            Err(reason) => log::warning!(
                "ca_crt: certificate {} cannot be a trust anchor: {reason}, skipped",
                number + 1
            ),
        }
    }
    if usable.is_empty() {
        let detail = "no certificate of ca_crt can be a trust anchor";
        return Err(Error::new(ErrorKind::TrustAnchors, detail));
    }
    Ok(usable)
}

/// Whether a bundle has at least one certificate that can be a trust anchor.
pub fn check_anchors(bundle: &[u8]) -> Result<()> {
    usable_anchors(bundle).map(drop)
}

/// Whether a connection could use these credentials today.
pub fn check_credentials(credentials: &Credentials) -> Result<()> {
    credentials::check_dates(&credentials.leaf, time::now()?)?;
    engine::check_key(credentials)
}

/// Whether the engine can offer this.
pub fn check_offer(offer: &Offer) -> Result<()> {
    let cannot = |what: &str| {
        let detail = format!("the engine {} cannot do {what}", engine::NAME);
        Err(Error::new(ErrorKind::Unsupported, detail))
    };
    let speaks = |version: &Version| (offer.versions.0..=offer.versions.1).contains(version);
    match () {
        () if !engine::VERSIONS.iter().any(speaks) => cannot("these TLS versions"),
        () if offer.rsa_key_exchange && !engine::OLD_KEY_EXCHANGES => cannot("RSA key exchange"),
        () if offer.pre_shared_key.is_some() && !engine::OLD_KEY_EXCHANGES => cannot("TLS-PSK"),
        () => Ok(()),
    }
}
