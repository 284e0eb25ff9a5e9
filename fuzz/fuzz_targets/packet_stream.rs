//! What a server sends: the first byte says how the stream is cut, the rest is the stream. However it
//! is cut it means the same, and every message that comes out obeys MQTT.
#![no_main]

use libfuzzer_sys::fuzz_target;
use linksdk_fuzz::planted;
use linksdk_hal::mqtt::codec::{self, Incoming, Malformed};
use linksdk_hal::mqtt::framing::{Frame, Framer};

const READ_BUFFER: usize = 64;

type Understood = Vec<Result<Option<Incoming>, Malformed>>;

fn understood(stream: &[u8], portion: usize) -> Understood {
    let mut framer = Framer::new(READ_BUFFER);
    let mut results = Vec::new();
    for part in stream.chunks(portion) {
        let mut part = part;
        loop {
            let result = match framer.next(&mut part) {
                Ok(None) => break,
                Ok(Some(Frame::Oversized(_))) => Ok(None),
                Ok(Some(Frame::Packet { bytes, body })) => codec::decode(&bytes, body).map(Some),
                Err(error) => Err(error.into()),
            };
            let failed = result.is_err();
            results.push(result);
            if failed {
                return results;
            }
        }
    }
    results
}

fuzz_target!(|data: &[u8]| {
    let Some((portion, stream)) = data.split_first() else { return };
    let whole = understood(stream, stream.len().max(1));
    assert_eq!(understood(stream, usize::from(*portion).max(1)), whole);
    for packet in whole.iter().flatten().flatten() {
        planted::decoded(packet);
        if let Incoming::Publish(message) = packet {
            assert!(!message.topic.is_empty() && !message.topic.contains(['+', '#', '\0']));
            assert_ne!(message.packet_id, Some(0));
        }
    }
});
