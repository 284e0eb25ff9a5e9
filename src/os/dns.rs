//! Name resolution that ends by a deadline.
#![forbid(unsafe_code)]

use crate::deadline::Deadline;
use crate::error::{Error, ErrorKind, Result};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;

/// `getaddrinfo` cannot be interrupted: a thread that asks a dead server lives on for as long as
/// resolv.conf says. More than this many are not started, so reconnecting cannot pile them up.
const MAX_RESOLVERS: usize = 4;

/// What `getaddrinfo` with its plug-ins needs, with room to spare.
const RESOLVER_STACK: usize = 256 * 1024;

static RESOLVERS: AtomicUsize = AtomicUsize::new(0);

/// Counts a resolver thread for as long as it lives.
struct Place;

impl Place {
    fn take() -> Option<Self> {
        RESOLVERS
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| {
                (n < MAX_RESOLVERS).then(|| n + 1)
            })
            .ok()
            .map(|_| Self)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        RESOLVERS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The IP address that `host` spells: dotted IPv4, or IPv6 with or without brackets.
pub fn literal(host: &str) -> Option<IpAddr> {
    let inner = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match inner {
        Some(v6) => v6.parse().ok().map(IpAddr::V6),
        None => host.parse().ok(),
    }
}

/// All addresses of `host`, in the system's order of preference (RFC 6724) with the families
/// taking turns (RFC 8305 section 4). IP literals are answered at once; names are asked on a thread
/// of their own, which is left behind when the deadline passes first.
pub fn resolve(host: &str, port: u16, deadline: Deadline) -> Result<Vec<SocketAddr>> {
    if let Some(address) = literal(host) {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    if deadline.is_over() {
        return Err(Error::new(ErrorKind::Dns, format!("resolving {host}: no time is left")));
    }
    let place = Place::take().ok_or_else(|| {
        let detail = format!("resolving {host}: {MAX_RESOLVERS} earlier requests still hang");
        Error::new(ErrorKind::Dns, detail)
    })?;
    let (sender, receiver) = sync_channel(1);
    let name = host.to_owned();
    thread::Builder::new()
        .name("linksdk-dns".to_owned())
        .stack_size(RESOLVER_STACK)
        .spawn(move || {
            let _place = place;
            let found = (name.as_str(), port).to_socket_addrs().map(Iterator::collect::<Vec<_>>);
            let _ = sender.send(found);
        })
        .map_err(|e| Error::new(ErrorKind::System, format!("starting a resolver thread: {e}")))?;
    match receiver.recv_timeout(deadline.remaining()) {
        Ok(Ok(found)) if !found.is_empty() => Ok(take_turns(found)),
        Ok(Ok(_)) => Err(Error::new(ErrorKind::Dns, format!("{host} has no address"))),
        Ok(Err(e)) => Err(Error::new(ErrorKind::Dns, format!("resolving {host}: {e}"))),
        Err(RecvTimeoutError::Timeout) => {
            Err(Error::new(ErrorKind::Dns, format!("resolving {host}: no answer in time")))
        }
        Err(RecvTimeoutError::Disconnected) => {
            Err(Error::new(ErrorKind::Dns, format!("resolving {host}: the resolver failed")))
        }
    }
}

/// The same addresses with the two families alternating, starting with the family of the first.
fn take_turns(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (mut first, mut second): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    first.dedup();
    second.dedup();
    let mut ordered = Vec::with_capacity(first.len() + second.len());
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    loop {
        let (a, b) = (first.next(), second.next());
        if a.is_none() && b.is_none() {
            return ordered;
        }
        ordered.extend(a.into_iter().chain(b));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_need_no_resolver() {
        for (host, expected) in
            [("127.0.0.1", "127.0.0.1:7"), ("::1", "[::1]:7"), ("[::1]", "[::1]:7")]
        {
            assert_eq!(resolve(host, 7, Deadline::now()), Ok(vec![expected.parse().unwrap()]));
        }
        assert_eq!(literal("[127.0.0.1]"), None);
        assert_eq!(literal("127.1"), None);
    }

    #[test]
    fn localhost_is_found_and_nonsense_is_an_error() {
        let deadline = Deadline::after_ms(5000);
        let found = resolve("localhost", 7, deadline).unwrap();
        assert!(found.iter().all(|address| address.ip().is_loopback()));
        assert_eq!(resolve("no such host", 7, deadline).unwrap_err().kind(), ErrorKind::Dns);
    }

    #[test]
    fn a_passed_deadline_is_an_error_and_not_a_wait() {
        let error = resolve("localhost", 7, Deadline::now()).map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Dns);
    }

    #[test]
    fn families_take_turns() {
        let parse = |list: &[&str]| list.iter().map(|a| a.parse().unwrap()).collect::<Vec<_>>();
        let given = parse(&["[::1]:1", "[::2]:1", "1.1.1.1:1", "2.2.2.2:1", "3.3.3.3:1"]);
        let ordered = parse(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1", "3.3.3.3:1"]);
        assert_eq!(take_turns(given), ordered);
        assert_eq!(take_turns(Vec::new()), []);
    }
}
