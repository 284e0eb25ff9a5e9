//! The control port: one command a line, one line of answer.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::mpsc::Sender;

use bytes::Bytes;
use mqtt_proto::{QoS, TopicName};

use super::Stop;
use super::fault::{Fault, USAGE};
use super::link::End;
use super::platform::{Platform, Subscribing};
use super::record::Line;

/// The commands, for --help.
pub(crate) const HELP: &str = "\
Control port: connect to control_port of the ready file, send one command a
line; each is answered by one line, `ok ...` or `error ...`.
  close-notify         end all connections with TLS close_notify
  fin                  end them without close_notify
  rst                  reset them
  half-close           end the platform's side only, by FIN, and go on reading
  stall | resume       stop, and start again, reading and writing
  slow MS              send each byte on its own, MS milliseconds apart; 0 ends it
  puback on|off        acknowledge PUBLISH with QoS 1, or do not
  suback accept|refuse|silent
                       how SUBSCRIBE is answered
  publish TOPIC TEXT   send TEXT with QoS 0 to the subscribers of TOPIC
  identity TEXT        send TEXT to all devices as their identity
  next-identity TEXT   ... to the next device that connects
  no-identity          send none to the next device that connects
  connack N            answer the next CONNECT with return code N
  drop STAGE HOW       end one connection at STAGE: after that many bytes of the
                       platform's handshake, after the handshake, after connack,
                       or instead of answering connect, subscribe, publish, ping;
                       HOW: fin, rst, close-notify, half-close, stall
  drop-after-connack   the same as drop connack fin
  raw HEX              send these bytes to all devices, inside TLS
  connections          TCP connections accepted, devices connected now
  subscriptions        the topic filters that are subscribed to now
  quit                 end the simulator";

const LONGEST_LINE: usize = 1024 * 1024;

/// Answers commands until the other side closes.
pub(crate) fn serve(platform: &Platform, socket: &TcpStream, stop: &Sender<Stop>) {
    let mut reader = BufReader::new(socket);
    let mut line = Vec::new();
    loop {
        line.clear();
        match std::io::Read::take(&mut reader, LONGEST_LINE as u64).read_until(b'\n', &mut line) {
            Ok(length) if length > 0 => {}
            _ => return,
        }
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let (command, rest) = cut(text);
        let answer = match run(platform, command, rest) {
            Ok(words) if words.is_empty() => "ok\n".to_owned(),
            Ok(words) => format!("ok {words}\n"),
            Err(reason) => format!("error {reason}\n"),
        };
        let line = Line::new(0, "control").with("command", String::from_utf8_lossy(command));
        platform.record.write(line.with("answer", answer.trim_end()));
        let mut writer = socket;
        let written = writer.write_all(answer.as_bytes());
        if command == b"quit" {
            let _ = stop.send(Stop::Asked("the control command quit"));
        }
        if written.is_err() {
            return;
        }
    }
}

/// Does what a command says that was given on the command line.
pub(crate) fn apply(platform: &Platform, command: &str) -> Result<(), String> {
    let (command, rest) = cut(command.as_bytes());
    run(platform, command, rest).map(|_| ())
}

/// Cuts at the first space; what follows is taken as it is.
fn cut(text: &[u8]) -> (&[u8], &[u8]) {
    match text.iter().position(|byte| *byte == b' ') {
        Some(position) => {
            let (first, rest) = text.split_at(position);
            (first, rest.get(1..).unwrap_or_default())
        }
        None => (text, &[]),
    }
}

fn run(platform: &Platform, command: &[u8], rest: &[u8]) -> Result<String, String> {
    let all = |how| Ok(platform.end_all(how, "asked for by a control command").to_string());
    match command {
        b"close-notify" => all(End::CloseNotify),
        b"fin" => all(End::Fin),
        b"rst" => all(End::Reset),
        b"half-close" => Ok(platform.half_close_all().to_string()),
        b"slow" => slow(platform, rest),
        b"puback" => puback(platform, rest),
        b"suback" => suback(platform, rest),
        b"stall" => gate(platform, true),
        b"resume" => gate(platform, false),
        b"publish" => publish(platform, rest),
        b"identity" => writable(platform).map(|()| platform.push_identity(rest).to_string()),
        b"next-identity" => {
            fault(|| platform.set_fault(|next| next.identity = Some(rest.to_vec())))
        }
        b"no-identity" => fault(|| platform.set_fault(|next| next.no_identity = true)),
        b"connack" => connack(platform, rest),
        b"drop" => drop_at(platform, rest),
        b"drop-after-connack" => drop_at(platform, b"connack fin"),
        b"raw" => raw(platform, rest),
        b"connections" => {
            let (accepted, open) = platform.connections();
            Ok(format!("{accepted} {open}"))
        }
        b"subscriptions" => Ok(platform.filters().into_iter().collect::<Vec<_>>().join(" ")),
        b"quit" => Ok(String::new()),
        other => Err(format!(
            "{} is not a command; `linksdk-x509 simulate --help` lists them",
            String::from_utf8_lossy(other)
        )),
    }
}

fn fault(set: impl FnOnce()) -> Result<String, String> {
    set();
    Ok(String::new())
}

fn drop_at(platform: &Platform, rest: &[u8]) -> Result<String, String> {
    let dropping = std::str::from_utf8(rest).ok().and_then(Fault::parse).ok_or(USAGE)?;
    fault(|| platform.set_dropping(dropping))
}

fn gate(platform: &Platform, closed: bool) -> Result<String, String> {
    platform.gate.set_closed(closed);
    Ok(String::new())
}

fn slow(platform: &Platform, rest: &[u8]) -> Result<String, String> {
    let pause = std::str::from_utf8(rest).ok().and_then(|text| text.trim().parse().ok());
    let pause = pause.filter(|pause| *pause <= 1000).ok_or("slow takes 0 to 1000 milliseconds")?;
    fault(|| platform.gate.set_pause(pause))
}

fn puback(platform: &Platform, rest: &[u8]) -> Result<String, String> {
    let no_puback = match rest {
        b"on" => false,
        b"off" => true,
        _ => return Err("puback takes on or off".to_owned()),
    };
    fault(|| platform.set_manners(|manners| manners.no_puback = no_puback))
}

fn suback(platform: &Platform, rest: &[u8]) -> Result<String, String> {
    let subscribing = match rest {
        b"accept" => Subscribing::Accepted,
        b"refuse" => Subscribing::Refused,
        b"silent" => Subscribing::Unanswered,
        _ => return Err("suback takes accept, refuse or silent".to_owned()),
    };
    fault(|| platform.set_manners(|manners| manners.subscribing = subscribing))
}

fn writable(platform: &Platform) -> Result<(), String> {
    if platform.gate.is_closed() {
        Err("connections are stalled; send resume first".to_owned())
    } else {
        Ok(())
    }
}

fn publish(platform: &Platform, rest: &[u8]) -> Result<String, String> {
    writable(platform)?;
    let (name, payload) = cut(rest);
    let name = std::str::from_utf8(name)
        .ok()
        .filter(|name| !name.is_empty())
        .and_then(|name| TopicName::try_from(name).ok())
        .ok_or("publish takes a topic without wildcards, and a payload")?;
    Ok(platform.publish(&name, QoS::Level0, &Bytes::copy_from_slice(payload)).to_string())
}

fn connack(platform: &Platform, rest: &[u8]) -> Result<String, String> {
    let code = std::str::from_utf8(rest)
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .ok_or("connack takes a return code from 0 to 255")?;
    fault(|| platform.set_fault(|next| next.return_code = Some(code)))
}

fn raw(platform: &Platform, rest: &[u8]) -> Result<String, String> {
    const WHAT: &str = "raw takes pairs of hexadecimal digits";
    writable(platform)?;
    let digits: Vec<u8> = rest.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let mut bytes = Vec::new();
    for pair in digits.chunks(2) {
        let text = std::str::from_utf8(pair)
            .ok()
            .filter(|_| pair.len() == 2 && pair.iter().all(u8::is_ascii_hexdigit))
            .ok_or(WHAT)?;
        bytes.push(u8::from_str_radix(text, 16).map_err(|_| WHAT)?);
    }
    if bytes.is_empty() {
        return Err(WHAT.to_owned());
    }
    Ok(platform.send_raw(&bytes).to_string())
}
