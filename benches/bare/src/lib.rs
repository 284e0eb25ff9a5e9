//! The least that a TLS HAL on rustls with ring can be: no deadlines, no table of handles, no checks of
//! arguments or of anything that rustls does not check itself. The library's own cost is what it takes
//! beyond this.

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use std::error::Error;
use std::ffi::{CStr, c_char, c_int};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::slice;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, OnceLock};

const TLS_1_3: c_int = 0x0304;

static OFFERED: AtomicI32 = AtomicI32::new(0);
static CONFIGURATION: OnceLock<Arc<ClientConfig>> = OnceLock::new();

unsafe extern "C" {
    static g_cli_crt: *const c_char;
    static g_cli_key: *const c_char;
}

struct Connection {
    tls: ClientConnection,
    socket: TcpStream,
}

#[unsafe(no_mangle)]
pub extern "C" fn peer_offer(version: c_int) -> c_int {
    OFFERED.store(version, Ordering::Relaxed);
    0
}

/// # Safety
/// All pointers are C strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn HAL_SSL_Establish(
    host: *const c_char,
    port: u16,
    ca_crt: *const c_char,
    _ca_crt_len: u32,
) -> usize {
    // SAFETY: the caller's promise.
    let (host, anchors) = unsafe { (CStr::from_ptr(host), CStr::from_ptr(ca_crt)) };
    let connection = host
        .to_str()
        .map_err(Into::into)
        .and_then(|host| establish(host, port, anchors.to_bytes()));
    match connection {
        Ok(connection) => Box::into_raw(Box::new(connection)).expose_provenance(),
        Err(error) => {
            eprintln!("bare: {error}");
            0
        }
    }
}

fn establish(host: &str, port: u16, anchors: &[u8]) -> Result<Connection, Box<dyn Error>> {
    let configuration = match CONFIGURATION.get() {
        Some(made) => made,
        None => {
            let made = configuration(anchors)?;
            CONFIGURATION.get_or_init(|| made)
        }
    };
    let name = ServerName::try_from(host.to_owned())?;
    let mut tls = ClientConnection::new(Arc::clone(configuration), name)?;
    let mut socket = TcpStream::connect((host, port))?;
    socket.set_nodelay(true)?;
    while tls.is_handshaking() {
        tls.complete_io(&mut socket)?;
    }
    Ok(Connection { tls, socket })
}

fn configuration(anchors: &[u8]) -> Result<Arc<ClientConfig>, Box<dyn Error>> {
    // SAFETY: the measuring program sets both to C strings before it connects.
    let (certificate, key) =
        unsafe { (CStr::from_ptr(g_cli_crt).to_bytes(), CStr::from_ptr(g_cli_key).to_bytes()) };
    let mut roots = RootCertStore::empty();
    for anchor in CertificateDer::pem_slice_iter(anchors) {
        roots.add(anchor?)?;
    }
    let version = if OFFERED.load(Ordering::Relaxed) == TLS_1_3 { &TLS13 } else { &TLS12 };
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let configuration = builder
        .with_protocol_versions(&[version])?
        .with_root_certificates(roots)
        .with_client_auth_cert(
        CertificateDer::pem_slice_iter(certificate).collect::<Result<_, _>>()?,
        PrivateKeyDer::from_pem_slice(key)?,
    )?;
    Ok(Arc::new(configuration))
}

/// # Safety
/// `handle` comes from `HAL_SSL_Establish`; `buf` has room for `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn HAL_SSL_Read(
    handle: usize,
    buf: *mut u8,
    len: c_int,
    _timeout_ms: c_int,
) -> c_int {
    // SAFETY: the caller's promise.
    let (connection, buffer) = unsafe {
        let connection = std::ptr::with_exposed_provenance_mut::<Connection>(handle);
        (&mut *connection, slice::from_raw_parts_mut(buf, len as usize))
    };
    let mut filled = 0;
    while filled < buffer.len() {
        match connection.tls.reader().read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                if connection.tls.read_tls(&mut connection.socket).is_err()
                    || connection.tls.process_new_packets().is_err()
                {
                    break;
                }
            }
            Err(_) => break,
        }
    }
    filled as c_int
}

/// # Safety
/// `handle` comes from `HAL_SSL_Establish`; `buf` has `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn HAL_SSL_Write(
    handle: usize,
    buf: *const u8,
    len: c_int,
    _timeout_ms: c_int,
) -> c_int {
    // SAFETY: the caller's promise.
    let (connection, bytes) = unsafe {
        let connection = std::ptr::with_exposed_provenance_mut::<Connection>(handle);
        (&mut *connection, slice::from_raw_parts(buf, len as usize))
    };
    if connection.tls.writer().write_all(bytes).is_err() {
        return -1;
    }
    while connection.tls.wants_write() {
        if connection.tls.write_tls(&mut connection.socket).is_err() {
            return -1;
        }
    }
    len
}

/// # Safety
/// `handle` comes from `HAL_SSL_Establish` and is not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn HAL_SSL_Destroy(handle: usize) -> i32 {
    let connection = std::ptr::with_exposed_provenance_mut::<Connection>(handle);
    // SAFETY: the caller's promise.
    let mut connection = unsafe { Box::from_raw(connection) };
    connection.tls.send_close_notify();
    let _ = connection.tls.write_tls(&mut connection.socket);
    0
}
