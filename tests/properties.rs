//! Properties of everything that parses what others wrote, over random inputs.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail that way")]
#![cfg(feature = "sdk")]

use linksdk_hal::identity;
use linksdk_hal::mqtt::codec::{self, Incoming, Malformed, Message};
use linksdk_hal::mqtt::framing::{Frame, Framer};
use linksdk_hal::mqtt::topic;
use linksdk_hal::tls::credentials::{self, PrivateKey};
use linksdk_hal::tls::{pem, trust};
use proptest::prelude::*;

const READ_BUFFER: usize = 64;

/// What a client would make of a stream that arrives in portions of these sizes, in turn.
fn understood(stream: &[u8], portions: &[usize]) -> Vec<Result<Option<Incoming>, Malformed>> {
    let mut framer = Framer::new(READ_BUFFER);
    let mut results = Vec::new();
    let mut rest = stream;
    for portion in portions.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (mut part, later) = rest.split_at((*portion).min(rest.len()));
        rest = later;
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

/// Bytes that look like packets more often than random ones do.
fn packet_like() -> impl Strategy<Value = Vec<u8>> {
    let first = prop::sample::select(vec![0x20u8, 0x30, 0x32, 0x3b, 0x40, 0x90, 0xb0, 0xd0, 0xe0]);
    let body =
        prop::collection::vec(prop_oneof![0u8..4, Just(b'/'), Just(0x80), any::<u8>()], 0..80);
    let packet = (first, body).prop_map(|(first, body)| {
        let length = u8::try_from(body.len()).unwrap();
        [&[first, length], body.as_slice()].concat()
    });
    let noise = prop::collection::vec(any::<u8>(), 0..20);
    prop::collection::vec(prop_oneof![4 => packet, 1 => noise], 0..6).prop_map(|all| all.concat())
}

fn good_topic() -> impl Strategy<Value = String> {
    "(/[a-z0-9 ]{0,6}){1,4}"
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_stream_means_the_same_however_it_is_cut(
        stream in packet_like(),
        portions in prop::collection::vec(1usize..20, 1..8),
    ) {
        let whole = understood(&stream, &[stream.len().max(1)]);
        prop_assert_eq!(understood(&stream, &portions), whole.clone());
        prop_assert_eq!(understood(&stream, &[1]), whole);
    }

    #[test]
    fn delivered_messages_obey_the_specification(stream in packet_like()) {
        for result in understood(&stream, &[7]) {
            if let Ok(Some(Incoming::Publish(message))) = result {
                prop_assert!(!message.topic.is_empty());
                prop_assert!(!message.topic.contains(['\0', '+', '#']));
                prop_assert!(message.packet_id != Some(0));
                prop_assert!(!message.dup || message.packet_id.is_some());
                prop_assert!(message.topic.len() + message.payload.len() < READ_BUFFER);
            }
        }
    }

    #[test]
    fn what_is_encoded_is_decoded_again(
        topic in good_topic(),
        payload in prop::collection::vec(any::<u8>(), 0..300),
        packet_id in prop::option::of(1u16..),
        retain: bool,
    ) {
        let message = Message { topic, payload, packet_id, dup: false, retain };
        let bytes = codec::publish(&message).unwrap();
        let frame = Framer::new(1000).next(&mut bytes.as_slice()).unwrap().unwrap();
        let Frame::Packet { bytes, body } = frame else { unreachable!() };
        prop_assert_eq!(codec::decode(&bytes, body), Ok(Incoming::Publish(message)));
    }

    #[test]
    fn topics_are_judged_without_panic_and_names_match_themselves(
        text in "\\PC{0,20}",
        name in good_topic(),
    ) {
        let _ = topic::check_name(&text);
        let _ = topic::check_filter(&text);
        topic::matches(&text, &name);
        prop_assert!(topic::matches(&name, &name));
        prop_assert!(topic::matches("/#", &name));
        prop_assert_eq!(topic::check_name(&name), Ok(()));
    }

    #[test]
    fn identities_that_are_accepted_obey_their_limits(
        payload in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..60),
            "[{]\"productKey\":\"[a-z/+\\\\]{0,22}\",\"deviceName\":\"\\PC{0,34}\"[}]".prop_map(String::into_bytes),
        ],
    ) {
        if let Ok(identity) = identity::parse_response(&payload) {
            prop_assert!((1..=20).contains(&identity.product_key.len()));
            prop_assert!((1..=32).contains(&identity.device_name.len()));
            let both = identity.product_key + &identity.device_name;
            prop_assert!(both.bytes().all(|b| b.is_ascii_graphic() && !b"/+#&".contains(&b)));
        }
    }

    #[test]
    fn pem_of_any_kind_is_read_without_panic(
        text in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            "(-----(BEGIN|END) (CERTIFICATE|PRIVATE KEY|X)-----|[A-Za-z0-9+/=: \r\n-]{0,20}){0,8}"
                .prop_map(String::into_bytes),
        ],
    ) {
        let _ = pem::sections(&text);
        let _ = trust::certificates(&text);
        let _ = credentials::read(Some(&text), Some(&PrivateKey::pem(&text)));
    }

    #[test]
    fn untidy_pem_has_the_same_content(
        content in prop::collection::vec(any::<u8>(), 1..300),
        breaks in prop::collection::vec(1usize..90, 1..5),
        separator in prop::sample::select(vec!["", "\n", "\r\n", " \n", "\t"]),
        around in "[a-z =\r\n]{0,20}",
    ) {
        use base64ct::{Base64, Encoding};
        let base64 = Base64::encode_string(&content);
        let mut lines = Vec::new();
        let mut rest = base64.as_str();
        for length in breaks.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (line, later) = rest.split_at((*length).min(rest.len()));
            lines.push(line);
            rest = later;
        }
        let body = lines.join(separator);
        let text = format!("{around}-----BEGIN X-----{separator}{body}-----END X-----{around}");
        let sections = pem::sections(text.as_bytes());
        prop_assert_eq!(sections.len(), 1);
        prop_assert_eq!(sections[0].der.as_ref().map(|der| der.to_vec()), Ok(content));
    }
}
