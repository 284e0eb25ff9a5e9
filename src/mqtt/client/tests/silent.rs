//! How long a server that says nothing any more passes for a living one.

use super::server::GOOD;
use super::*;

#[test]
fn a_dead_server_is_noticed_within_one_and_a_half_intervals() {
    const INTERVAL: Duration = Duration::from_secs(2);
    // Long patience with answers, so that only the keep alive can notice it.
    let settings = || Settings {
        keep_alive: INTERVAL,
        request_timeout: Duration::from_secs(30),
        ..settings()
    };
    let mute = Link { pong: false, puback: false, ..GOOD };
    let noticed = |busy: bool| {
        let device = connected(settings(), vec![Ok(mute), Ok(GOOD)]);
        let begin = Instant::now();
        // It may be back within the same yield.
        while device.server.connections() == 1 {
            assert!(begin.elapsed() < 5 * INTERVAL, "not noticed");
            if busy {
                // What the device sends is no sign that anybody hears it.
                device.client.publish("/a", 0, false, b"x");
            }
            device.client.yield_for(20);
        }
        begin.elapsed()
    };
    let (idle, busy) = std::thread::scope(|scope| {
        let other = scope.spawn(|| noticed(true));
        (noticed(false), other.join().unwrap())
    });
    for elapsed in [idle, busy] {
        // `connected` takes a little of the interval.
        assert!(elapsed > INTERVAL, "{elapsed:?}");
        // Half an interval later would be too late; a quarter is for a busy machine.
        assert!(elapsed < INTERVAL * 7 / 4, "{elapsed:?}");
    }
}
