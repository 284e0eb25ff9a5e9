//! An exchange whose connection dies at every one of its bytes, in either direction.

use super::server::GOOD;
use super::*;

/// The server's own message, with QoS 1.
const PUSHED: u16 = 700;

/// What an exchange came to.
struct Exchange {
    device: Device,
    /// The packet identifier of the message that the client took over.
    message: u16,
    told: Vec<String>,
    received: Vec<Vec<u8>>,
}

impl Exchange {
    fn count(&self, text: &str) -> usize {
        self.told.iter().filter(|told| *told == text).count()
    }

    /// The copies of the client's message that reached the server.
    fn copies(&self) -> Vec<&Vec<u8>> {
        let [high, low] = self.message.to_be_bytes();
        let end = [b"\0\x02/m".as_slice(), &[high, low], b"message"].concat();
        self.received.iter().filter(|packet| packet.ends_with(&end)).collect()
    }
}

/// Connect, report, subscribe, be sent a message, send one; until all of it is settled, over as many
/// connections as it takes.
fn exchange(first: Link) -> Exchange {
    let device = device(settings(), known(), vec![Ok(first), Ok(GOOD)]);
    assert_eq!(device.client.start(), Ok(()));
    let mut seen = (Vec::new(), Vec::new());
    let mut follow = |device: &Device| {
        seen.0.extend(device.firmware.told());
        seen.1.extend(device.server.take_received());
        (seen.0.clone(), seen.1.clone())
    };
    device.yield_until(|device| device.client.subscribe("/pushed", 1, OTHER) > 0);
    device.server.publish("/pushed", b"down", Some(PUSHED));
    let mut message = 0;
    device.yield_until(|device| {
        message = device.client.publish("/m", 1, false, b"message");
        message > 0
    });
    let success = format!("PublishSuccess({message})");
    device.yield_until(|device| follow(device).0.contains(&success));
    // A server sends it again on the next connection until it is acknowledged.
    device.yield_until(|device| {
        let acknowledged = follow(device).1.contains(&vec![0x40, 2, 2, 188]);
        if !acknowledged && device.server.connections() > 1 {
            device.server.publish("/pushed", b"down", Some(PUSHED));
        }
        acknowledged
    });
    device.client.yield_for(3);
    device.yield_until(|device| device.client.is_connected());
    let (told, received) = follow(&device);
    let message = u16::try_from(message).unwrap();
    Exchange { device, message, told, received }
}

fn check(exchange: &Exchange, what: &str) {
    let success = format!("PublishSuccess({})", exchange.message);
    assert_eq!(exchange.count(&success), 1, "{what}: {:?}", exchange.told);
    let copies = exchange.copies();
    assert!(!copies.is_empty(), "{what}: acknowledged and lost");
    // The first copy is no duplicate unless what came before it was cut.
    let plain = copies.iter().filter(|copy| copy[0] == 0x32).count();
    assert!(plain <= 1 && copies[1..].iter().all(|copy| copy[0] == 0x3a), "{what}: {copies:?}");
    // What the client acknowledged, the firmware had got.
    assert!(exchange.count("/pushed down") >= 1, "{what}: {:?}", exchange.told);
    // Nothing but what was said is delivered.
    let other =
        exchange.told.iter().filter(|told| told.starts_with('/') && *told != "/pushed down");
    assert_eq!(other.count(), 0, "{what}: {:?}", exchange.told);
    assert!(exchange.device.client.lock().outbox.is_empty(), "{what}");
}

#[test]
fn a_connection_that_dies_at_any_byte_loses_no_acknowledged_message() {
    let undisturbed = exchange(GOOD);
    check(&undisturbed, "undisturbed");
    assert_eq!(undisturbed.device.server.connections(), 1);
    assert_eq!(undisturbed.copies().len(), 1);
    assert_eq!(undisturbed.count("/pushed down"), 1);
    let (sent, got) = undisturbed.device.server.bytes();
    assert!(sent > 100 && got > 20, "{sent} {got}");
    let mut repeated = 0;
    for limit in 0..=sent {
        let dying = exchange(Link { dies_after: Some(limit), ..GOOD });
        check(&dying, &format!("after {limit} bytes of {sent} from the client"));
        assert_eq!(dying.device.server.connections() > 1, limit < sent, "{limit}");
        repeated += usize::from(dying.copies().len() > 1);
    }
    for limit in 0..got {
        let dying = exchange(Link { ends_after: Some(limit), ..GOOD });
        check(&dying, &format!("after {limit} bytes of {got} to the client"));
        assert!(dying.device.server.connections() > 1, "{limit}");
        repeated += usize::from(dying.copies().len() > 1);
    }
    // Where PUBACK is lost, the message comes twice.
    assert!(repeated >= 4, "{repeated}");
}
