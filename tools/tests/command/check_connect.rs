//! `check --connect` against the simulated platform and OpenSSL's server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::thread;

use serde_json::{Value, json};

use crate::check::{check, codes, file};
use crate::folder;
use crate::simulator::Simulator;

/// `check --connect` as a device, with further arguments.
fn connect(device: &str, host: &str, port: u16, further: &[&str]) -> (i32, Value) {
    let (certificate, key) = (file(&format!("{device}.crt")), file(&format!("{device}.key")));
    let endpoint = format!("{host}:{port}");
    let mut arguments = vec!["--cert", &certificate, "--key", &key, "--connect", endpoint.as_str()];
    let ca = file("platform-ca.crt");
    arguments.extend(["--ca", &ca]);
    arguments.extend(further);
    check(&arguments)
}

fn handshakes(object: &Value) -> &[Value] {
    object["connection"]["handshakes"].as_array().unwrap()
}

/// The versions of the handshakes that the simulator completed.
fn handshakes_seen(simulator: &Simulator) -> Vec<String> {
    let lines = simulator.logged(&[("event", json!("handshake"))]);
    lines.iter().map(|line| line["version"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_good_device_is_taken_with_both_versions() {
    let mut simulator = Simulator::start("check-good", &[]);
    let (status, object) = connect("dev-one", "localhost", simulator.port, &["--strict"]);
    assert_eq!(status, 0, "{object:#}");
    assert_eq!(codes(&object, "ok").iter().filter(|code| **code == "handshake").count(), 2);
    assert!(codes(&object, "ok").contains(&"client-certificate"));
    for (handshake, version) in handshakes(&object).iter().zip(["TLS 1.3", "TLS 1.2"]) {
        assert_eq!(handshake["offered"], version);
        assert_eq!(handshake["accepted"], true);
        assert_eq!(handshake["client_certificate_sent"], true);
        assert_eq!(handshake["client_authorities"][0], "CN=Simulated IoT Operation CA");
        assert_eq!(handshake["anchor"], "CN=Simulated Platform Root CA");
        assert_eq!(handshake["name_fits"], true);
        let server = &handshake["server_certificates"][0];
        assert_eq!(server["sha256"].as_str().unwrap().len(), 64);
        assert_eq!(server["not_after"], "2119-01-01");
    }
    let steps = object["connection"]["steps"].as_array().unwrap();
    let names: Vec<&str> = steps.iter().map(|step| step["step"].as_str().unwrap()).collect();
    assert_eq!(names.first(), Some(&"DNS"));
    for name in ["TCP", "TLS 1.3", "TLS 1.2", "server", "name", "anchor", "asked"] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    assert!(steps[0]["milliseconds"].is_number());

    let (certificate, key, ca) =
        (file("dev-one.crt"), file("dev-one.key"), file("platform-ca.crt"));
    let endpoint = format!("127.0.0.1:{}", simulator.port);
    let output = folder::run(&[
        "check",
        "--cert",
        &certificate,
        "--key",
        &key,
        "--ca",
        &ca,
        "--connect",
        &endpoint,
    ]);
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains(&format!("result   This will work with {endpoint}.")), "{printed}");
    simulator.quit();
    assert_eq!(handshakes_seen(&simulator), ["TLSv1.3", "TLSv1.2", "TLSv1.3", "TLSv1.2"]);
    // Nobody looks at it: no progress.
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_refused_device_learns_the_alert_with_both_versions() {
    let simulator = Simulator::start("check-refused", &[]);
    let (status, object) = connect("device-unknown-ca", "localhost", simulator.port, &[]);
    assert_eq!((status, codes(&object, "problem")), (1, vec!["handshake"]), "{object:#}");
    for handshake in handshakes(&object) {
        assert_eq!(handshake["alert"], "unknown_ca");
        assert_eq!(handshake["error"]["name"], "TLS_DEVICE_CERTIFICATE_REFUSED");
        assert_eq!(handshake["accepted"], false);
    }
    // With TLS 1.3 the refusal comes when the handshake is complete.
    assert_eq!(handshakes(&object)[0]["completed"], true);
    assert_eq!(handshakes(&object)[1]["completed"], false);

    // What the library refuses is not sent; the server is looked at all the same.
    let (status, object) = connect("device-expired", "localhost", simulator.port, &[]);
    assert_eq!((status, codes(&object, "problem")), (1, vec!["expired"]), "{object:#}");
    assert!(codes(&object, "untried").contains(&"credentials-refused"));
    assert_eq!(handshakes(&object)[0]["client_certificate_sent"], false);

    // Without certificate nothing is known about one.
    let endpoint = format!("localhost:{}", simulator.port);
    let ca = file("platform-ca.crt");
    let (status, object) = check(&["--ca", &ca, "--connect", &endpoint]);
    assert_eq!((status, codes(&object, "untried")), (3, vec!["handshake"]), "{object:#}");
}

#[test]
fn a_wrong_server_is_never_trusted() {
    for (server, name_fits, trusted) in [
        ("server-expired", true, false),
        ("server-wrong-name", false, true),
        ("server-unknown-ca", true, false),
    ] {
        let mut simulator =
            Simulator::start(&format!("check-{server}"), &["--server-cert", server]);
        let (status, object) = connect("dev-one", "localhost", simulator.port, &[]);
        assert_eq!((status, codes(&object, "problem")), (1, vec!["handshake"]), "{object:#}");
        for handshake in handshakes(&object) {
            assert_eq!(handshake["completed"], false);
            assert_eq!(handshake["client_certificate_sent"], false);
            assert_eq!(handshake["name_fits"], name_fits, "{server}");
            assert_eq!(handshake["trusted"], trusted, "{server}");
            assert_eq!(handshake["error"]["code"], "-0x0F06");
            assert_eq!(handshake["server_certificates"].as_array().unwrap().len(), 1);
        }
        simulator.quit();
        // The server saw the refusal, not a device.
        assert_eq!(handshakes_seen(&simulator), Vec::<String>::new());
    }
}

#[test]
fn a_version_that_the_server_lacks_is_information() {
    let simulator = Simulator::start("check-1.2", &["--tls-versions", "1.2"]);
    let (status, object) = connect("dev-one", "localhost", simulator.port, &[]);
    assert_eq!(status, 0, "{object:#}");
    assert!(codes(&object, "info").contains(&"version"));
    let simulator = Simulator::start("check-1.3", &["--tls-versions", "1.3"]);
    let (status, object) = connect("dev-one", "localhost", simulator.port, &[]);
    assert_eq!(status, 0, "{object:#}");
    assert!(codes(&object, "info").contains(&"version"));
    let (status, object) =
        connect("dev-one", "localhost", simulator.port, &["--engine", "mbedtls"]);
    assert_eq!((status, codes(&object, "problem")), (1, vec!["engine-version"]), "{object:#}");
}

#[test]
fn what_cannot_be_reached_is_untried() {
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let (status, object) = connect("dev-one", "127.0.0.1", port, &[]);
    assert_eq!((status, codes(&object, "untried")), (3, vec!["tcp"]), "{object:#}");
    assert!(object["connection"]["addresses"][0]["error"].is_string());
    let (status, object) = connect("dev-one", "no-such-host.invalid", port, &["--timeout", "5"]);
    assert_eq!((status, codes(&object, "untried")), (3, vec!["dns"]), "{object:#}");
}

#[test]
fn a_server_that_says_nothing_or_nonsense_ends_in_time() {
    for (answer, words) in [
        (&b""[..], "did not complete in time"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "TLS handshake"),
    ] {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        // One connection to see that it is there, two handshakes, perhaps a question.
        let server = thread::spawn(move || {
            let mut kept = Vec::new();
            while kept.len() < 4 {
                let Ok((mut socket, _)) = listener.accept() else { return };
                let _ = socket.write_all(answer);
                kept.push(socket);
            }
        });
        let (status, object) = connect("dev-one", "127.0.0.1", port, &["--timeout", "1"]);
        assert_eq!(
            (status, codes(&object, "problem").contains(&"handshake")),
            (1, true),
            "{object:#}"
        );
        let text = object.to_string();
        assert!(text.contains(words), "{object:#}");
        // The last connections that it waits for.
        for _ in 0..4 {
            let _ = std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port));
        }
        server.join().unwrap();
    }
}

/// OpenSSL's server on a port of its choice.
struct OpenSsl(Child, u16);

impl OpenSsl {
    fn start(further: &[&str]) -> Self {
        let (certificate, key) = (file("server-rsa.crt"), file("server-rsa.key"));
        let mut process = Command::new("openssl")
            .args(["s_server", "-accept", "127.0.0.1:0", "-cert", &certificate, "-key", &key])
            .args(further)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        while !line.starts_with("ACCEPT") {
            line.clear();
            assert!(output.read_line(&mut line).unwrap() > 0, "the server ended");
        }
        // What it prints about connections must not fill the pipe.
        thread::spawn(move || output.read_to_end(&mut Vec::new()));
        let port = line.trim().rsplit(':').next().unwrap().parse().unwrap();
        OpenSsl(process, port)
    }
}

impl Drop for OpenSsl {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_server_with_rsa_key_exchange_only_is_recognised() {
    let server = OpenSsl::start(&["-tls1_2", "-cipher", "AES128-SHA256"]);
    let (status, object) = connect("dev-one", "127.0.0.1", server.1, &[]);
    assert_eq!((status, codes(&object, "problem")), (1, vec!["rsa-key-exchange"]), "{object:#}");
    assert_eq!(object["connection"]["rsa_key_exchange"], "TLS_RSA_WITH_AES_128_CBC_SHA256");
    let (status, object) = connect("dev-one", "127.0.0.1", server.1, &["--engine", "mbedtls"]);
    assert_eq!((status, codes(&object, "warning")), (0, vec!["rsa-key-exchange"]), "{object:#}");
}

#[test]
fn a_server_that_asks_for_no_certificate_is_told() {
    let server = OpenSsl::start(&[]);
    let (status, object) = connect("dev-one", "127.0.0.1", server.1, &[]);
    assert_eq!((status, codes(&object, "warning")), (0, vec!["client-certificate"]), "{object:#}");
    assert_eq!(handshakes(&object)[0]["client_certificate_asked"], false);
}
