//! Nobody talks the two sides down to an older version, and servers that have no newer one are refused.
#![allow(clippy::unwrap_used, reason = "a test may fail that way")]

mod support;

use linksdk_hal::error::ErrorKind;
use linksdk_hal::tls::engine;
use support::exchange::{assert_still_works, exchange};
use support::middle::Attack;
use support::openssl::{Folder, Server};
use support::records::client_hello_without;
use support::server::{connect, target};
use support::{Authority, ecdsa_key};

const SUPPORTED_VERSIONS: u16 = 43;

#[test]
fn the_two_sides_are_not_talked_down_from_tls_1_3() {
    // The genuine server speaks both. What the client said of TLS 1.3 is taken out on the way.
    let seen = exchange(Attack::hello(|hello| {
        *hello = client_hello_without(hello, SUPPORTED_VERSIONS);
    }));
    match engine::NAME {
        "rustls" => {
            seen.assert_noticed("downgrade");
            assert!(seen.end.detail().contains("AttemptedDowngrade"), "{seen:?}");
        }
        // It offers TLS 1.2 only: nothing was taken out, and the server's mark means nothing to it.
        _ => assert!(seen.is_whole(), "{seen:?}"),
    }
    // The control: taking nothing out is no attack.
    let seen = exchange(Attack::hello(|hello| *hello = client_hello_without(hello, 0xfafa)));
    assert!(seen.is_whole(), "{seen:?}");
    assert_still_works();
}

#[test]
fn servers_that_speak_only_what_is_too_old_are_refused() {
    let authority = Authority::new("root");
    let key = ecdsa_key();
    let folder = Folder::new();
    folder.write("chain.pem", &authority.server(&key, &["localhost"]));
    folder.write("key.pem", &key.pkcs8);
    for (version, spoken) in [("-tls1", false), ("-tls1_1", false), ("-tls1_2", true)] {
        let words = "-cert chain.pem -key key.pem -cipher DEFAULT@SECLEVEL=0";
        let server = Server::start(&folder, &format!("{words} {version}"));
        let result = connect(&target("localhost", server.port, &authority.pem));
        match result.err() {
            None => assert!(spoken, "{version}"),
            Some(error) => {
                assert!(!spoken, "{version} {error}");
                assert_eq!(error.kind(), ErrorKind::Handshake, "{error}");
                // The server's own words, and not the same for every client.
                let alerts = ["alert protocol_version", "alert handshake_failure"];
                assert!(alerts.iter().any(|alert| error.detail().contains(alert)), "{error}");
            }
        }
    }
}
