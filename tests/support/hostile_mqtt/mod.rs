//! The MQTT client against a server that sends anything, while the firmware publishes, subscribes and yields:
//! all decided by a string of bytes. Panics when the client breaks a promise.
#![allow(unreachable_pub, reason = "a test program and a fuzz target have this module")]

mod firmware;
mod server;

use self::firmware::{Firmware, settings};
use self::server::{Network, Shared};
use arbitrary::Unstructured;
use linksdk_hal::identity::Identity;
use linksdk_hal::mqtt::Handler;
use linksdk_hal::mqtt::client::Client;
use linksdk_hal::mqtt::codec::{self, Message};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The largest packet that the client is to take.
const READ_BUFFER: usize = 200;

/// The handler of everything that no subscription asks for, and of subscriptions.
const DEFAULT: Handler = Handler { function: 1, context: 0 };
const ASKED: Handler = Handler { function: 2, context: 0 };

/// The topics that the device names, some of which the server may name too.
const TOPICS: [&str; 6] =
    ["/a", "/a/b", "/a/+", "/#", "/ext/auth/identity/response", "/sys/pk/dn/thing"];

/// A packet that is well-formed, or nearly.
fn packet(input: &mut Unstructured<'_>) -> arbitrary::Result<Vec<u8>> {
    let packet_id = input.int_in_range(0..=12u8)?;
    Ok(match input.int_in_range(0..=6u8)? {
        0 => vec![0x40, 2, 0, packet_id],
        1 => vec![0x90, 3, 0, packet_id, *input.choose(&[0, 1, 0x80])?],
        2 => vec![0xb0, 2, 0, packet_id],
        3 => vec![0xd0, 0],
        4 => vec![0x20, 2, input.arbitrary()?, input.int_in_range(0..=6)?],
        kind => {
            let length = input.int_in_range(0..=40usize)?;
            let message = Message {
                topic: (*input.choose(&TOPICS)?).to_owned(),
                payload: input.bytes(length.min(input.len()))?.to_vec(),
                packet_id: (kind == 6 && packet_id != 0).then_some(packet_id.into()),
                dup: false,
                retain: input.arbitrary()?,
            };
            codec::publish(&message).unwrap_or_default()
        }
    })
}

/// Bytes as they come, at most 250.
fn bytes(input: &mut Unstructured<'_>) -> arbitrary::Result<Vec<u8>> {
    let length = input.int_in_range(0..=250usize)?.min(input.len());
    Ok(input.bytes(length)?.to_vec())
}

/// Does what `data` says. Returns how many messages reached the firmware. With `falsify` the client reads
/// other bytes than the server sends, which must not go unnoticed.
pub fn run(data: &[u8], falsify: Option<fn(u8) -> u8>) -> u32 {
    let mut input = Unstructured::new(data);
    let shared = Arc::new(Shared::default());
    shared.server().portion = 1000;
    shared.server().falsify = falsify;
    let started = Instant::now();
    let _ = play(&mut input, &shared);
    let client = shared.client.lock().unwrap().take();
    if let Some(client) = client {
        client.destroy();
        assert!(client.yield_for(1) < 0 && !client.is_connected());
        assert!(client.publish("/a", 0, false, b"") < 0);
    }
    shared.server().check();
    // Every wait is a few milliseconds long; a machine under load makes many of it.
    assert!(started.elapsed() < Duration::from_secs(20), "it hangs");
    let server = shared.server();
    server.deliveries
}

fn play(input: &mut Unstructured<'_>, shared: &Arc<Shared>) -> arbitrary::Result<()> {
    let flags: u8 = input.arbitrary()?;
    for _ in 0..flags & 3 {
        let accepted = vec![0x20, 2, 0, 0];
        let greeting = match input.int_in_range(0..=5u8)? {
            0 => None,
            1 => Some(bytes(input)?),
            2 => Some([accepted, bytes(input)?].concat()),
            _ => Some([accepted, packet(input)?, packet(input)?].concat()),
        };
        shared.server().greetings.push_back(greeting);
    }
    if flags & 4 != 0 {
        let count = input.int_in_range(0..=16usize)?.min(input.len());
        *shared.reactions.lock().unwrap() = input.bytes(count)?.to_vec().into();
    }
    if flags & 8 != 0 {
        let known = Identity { product_key: "pk".to_owned(), device_name: "dn".to_owned() };
        *shared.identity.lock().unwrap() = known;
    }
    let network = Box::new(Network(Arc::clone(shared)));
    let firmware = Box::new(Firmware(Arc::clone(shared)));
    let client = Arc::new(Client::new(settings(flags & 16 != 0), network, firmware));
    *shared.client.lock().unwrap() = Some(Arc::clone(&client));
    // It takes ten milliseconds; without it the client connects when it yields.
    if flags & 0xe0 == 0xe0 && client.start().is_err() {
        return Ok(());
    }
    client.yield_for(1);
    for _ in 0..40 {
        if input.is_empty() {
            break;
        }
        step(input, shared, &client)?;
    }
    client.yield_for(1);
    Ok(())
}

fn step(
    input: &mut Unstructured<'_>,
    shared: &Arc<Shared>,
    client: &Arc<Client>,
) -> arbitrary::Result<()> {
    match input.int_in_range(0..=15u8)? {
        0 => {
            let bytes = bytes(input)?;
            shared.server().to_client.extend(bytes);
        }
        1..=5 => {
            let packet = packet(input)?;
            shared.server().to_client.extend(packet);
        }
        6..=8 => assert!(client.yield_for(1) <= 0),
        9 => {
            let (topic, qos) = (*input.choose(&TOPICS)?, input.int_in_range(-1..=2)?);
            let payload = bytes(input)?;
            client.publish(topic, qos, input.arbitrary()?, &payload);
        }
        10 => drop(client.subscribe(input.choose(&TOPICS)?, input.int_in_range(0..=4)?, ASKED)),
        11 => drop(client.unsubscribe(input.choose(&TOPICS)?)),
        12 => drop(client.subscribe_sync(input.choose(&TOPICS)?, 1, ASKED, 1)),
        13 => shared.server().portion = usize::from(input.arbitrary::<u8>()?).max(1),
        14 => {
            let mut server = shared.server();
            server.takes = !server.takes;
        }
        _ => {
            shared.server().ended = true;
            shared.changed.notify_all();
        }
    }
    Ok(())
}
