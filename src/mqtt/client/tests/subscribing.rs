//! Subscriptions and their ends.

use super::server::GOOD;
use super::*;

const THIRD: Handler = Handler { function: 3, context: 0 };

#[test]
fn subscribing_returns_the_codes_of_the_sdk() {
    let device = connected(settings(), vec![Ok(GOOD)]);
    let id = device.client.subscribe("/a", 1, OTHER);
    assert!(id > 0);
    assert_eq!(device.client.subscribe("/a/#/b", 0, OTHER), state::MQTT_UNEXP_TOPIC_FORMAT);
    assert_eq!(device.client.subscribe("/a", 2, OTHER), state::MQTT_PUB_QOS_INVALID);
    let long = format!("/{}", "x".repeat(128));
    assert_eq!(device.client.subscribe(&long, 0, OTHER), state::MQTT_TOPIC_BUF_TOO_SHORT);
    assert!(device.client.subscribe("/b", 77, OTHER) > 0);
    let received = device.server.take_received();
    assert!(received[0].ends_with(b"\0\x02/a\x01") && received[1].ends_with(b"\0\x02/b\0"));
    device.client.yield_for(5);
    let told = device.firmware.told();
    assert_eq!(told, [format!("SubscribeSuccess({id})"), format!("SubscribeSuccess({})", id + 1)]);
}

#[test]
fn a_local_subscription_gets_messages_and_sends_nothing() {
    let device = connected(settings(), vec![Ok(GOOD)]);
    assert_eq!(device.client.subscribe("/a/#", 3, OTHER), 0);
    assert_eq!(device.client.subscribe_sync("/a/#", 3, OTHER, 1000), 0);
    assert_eq!(device.server.types(), Vec::<u8>::new());
    device.firmware.take();
    device.server.publish("/a", b"x", None);
    device.client.yield_for(5);
    assert_eq!(device.firmware.take(), [Seen::Told(OTHER, "/a x".to_owned())]);
}

#[test]
fn overlapping_filters_each_get_the_message_and_the_same_one_twice_gets_it_once() {
    let device = connected(settings(), vec![Ok(GOOD)]);
    for (filter, handler) in [("/a/#", OTHER), ("/a/+", THIRD), ("/a/#", OTHER)] {
        assert!(device.client.subscribe(filter, 0, handler) > 0);
    }
    device.client.yield_for(5);
    device.firmware.take();
    device.server.publish("/a/b", b"x", None);
    device.client.yield_for(5);
    let text = "/a/b x".to_owned();
    assert_eq!(device.firmware.take(), [Seen::Told(OTHER, text.clone()), Seen::Told(THIRD, text)]);
}

#[test]
fn a_handler_that_another_one_has_ended_is_not_called() {
    let ends: [fn(&Client); 2] = [
        |client| assert!(client.unsubscribe("/a/+") > 0),
        // Neither is the one for events without a subscription.
        Client::destroy,
    ];
    for end in ends {
        let device = connected(settings(), vec![Ok(GOOD)]);
        assert!(device.client.subscribe("/a/#", 0, OTHER) > 0);
        assert!(device.client.subscribe("/a/+", 0, THIRD) > 0);
        device.client.yield_for(5);
        device.firmware.take();
        let client = Arc::clone(&device.client);
        device.firmware.react(move |event| {
            if matches!(event, Event::Received(_)) {
                end(&client);
            }
        });
        device.server.publish("/a/b", b"x", None);
        device.server.send(&[0x90, 3, 0, 77, 1]);
        device.client.yield_for(5);
        let told = device.firmware.take();
        let told = told.into_iter().filter(|seen| matches!(seen, Seen::Told(OTHER | THIRD, _)));
        assert_eq!(told.collect::<Vec<_>>(), [Seen::Told(OTHER, "/a/b x".to_owned())]);
    }
}

#[test]
fn nothing_is_told_of_a_client_that_a_handler_has_destroyed() {
    let device = connected(settings(), vec![Ok(GOOD)]);
    assert!(device.client.subscribe("/a", 0, OTHER) > 0);
    let client = Arc::clone(&device.client);
    device.firmware.react(move |event| {
        if matches!(event, Event::SubscribeSuccess(_)) {
            client.destroy();
        }
    });
    let ended = device.client.unsubscribe("/a");
    assert!(ended > 0);
    assert_eq!(device.client.yield_for(1000), state::USER_INPUT_INVALID);
    let told = device.firmware.told();
    assert!(told.len() == 1 && told[0].starts_with("SubscribeSuccess"), "{told:?}");
    device.client.tell(&Event::Disconnected);
    assert_eq!(device.firmware.told(), Vec::<String>::new());
}

#[test]
fn a_refused_subscription_is_reported_and_gone() {
    let device = connected(settings(), vec![Ok(Link { suback: Some(0x80), ..GOOD })]);
    let id = device.client.subscribe("/a", 0, OTHER);
    device.client.yield_for(5);
    assert!(device.firmware.told().contains(&format!("SubscribeRefused({id})")));
    device.server.publish("/a", b"x", None);
    device.client.yield_for(5);
    assert_eq!(device.firmware.take(), [Seen::Told(DEFAULT, "/a x".to_owned())]);
}

#[test]
fn an_unanswered_request_is_reported() {
    let device = connected(settings(), vec![Ok(Link { suback: None, ..GOOD })]);
    let subscribed = device.client.subscribe("/a", 0, OTHER);
    let ended = device.client.unsubscribe("/b");
    let mut told = Vec::new();
    device.yield_until(|device| {
        told.extend(device.firmware.told());
        told.len() == 2
    });
    let expected =
        [format!("SubscribeTimeout({subscribed})"), format!("UnsubscribeTimeout({ended})")];
    assert_eq!(told, expected);
}

#[test]
fn unsubscribing_ends_exactly_one_filter() {
    let device = connected(settings(), vec![Ok(GOOD)]);
    device.client.subscribe("/a/+", 0, OTHER);
    device.client.subscribe("/a/b", 0, THIRD);
    let id = device.client.unsubscribe("/a/b");
    device.client.yield_for(5);
    assert!(device.firmware.told().contains(&format!("UnsubscribeSuccess({id})")));
    device.server.publish("/a/b", b"x", None);
    device.client.yield_for(5);
    assert_eq!(device.firmware.take(), [Seen::Told(OTHER, "/a/b x".to_owned())]);
    assert_eq!(device.client.unsubscribe("/a/#/b"), state::MQTT_UNEXP_TOPIC_FORMAT);
}

#[test]
fn subscribe_sync_returns_what_the_server_says() {
    for (suback, check) in
        [(Some(1), None), (Some(0x80), Some(-1)), (None, Some(state::MQTT_SYNC_SUB_TIMEOUT))]
    {
        let device = connected(settings(), vec![Ok(Link { suback, ..GOOD })]);
        let result = device.client.subscribe_sync("/a", 1, OTHER, 50);
        match check {
            Some(code) => assert_eq!(result, code),
            None => assert!(result > 0),
        }
        assert!(device.client.lock().waiters.is_empty());
    }
}

#[test]
fn subscribe_sync_works_while_another_thread_yields() {
    let device = connected(settings(), vec![Ok(GOOD)]);
    std::thread::scope(|scope| {
        let yielding = scope.spawn(|| device.client.yield_for(20_000));
        while device.client.lock().reader.is_none() {
            std::thread::yield_now();
        }
        assert!(device.client.subscribe_sync("/a", 1, OTHER, 10_000) > 0);
        device.client.destroy();
        yielding.join().unwrap();
    });
}

#[test]
fn subscribe_sync_inside_a_handler_does_not_wait() {
    let device = connected(settings(), vec![Ok(Link { suback: None, ..GOOD })]);
    let client = Arc::clone(&device.client);
    let result = Arc::new(Mutex::new(None));
    let place = Arc::clone(&result);
    device.firmware.react(move |event| {
        if matches!(event, Event::Received(_)) {
            let begin = Instant::now();
            let id = client.subscribe_sync("/b", 1, OTHER, 10_000);
            *place.lock().unwrap() = Some((id, begin.elapsed()));
        }
    });
    device.server.publish("/a", b"x", None);
    device.client.yield_for(5);
    let (id, elapsed) = result.lock().unwrap().unwrap();
    assert!(id > 0 && elapsed < Duration::from_secs(5), "{id} {elapsed:?}");
}

#[test]
fn handlers_may_use_the_client() {
    let device = connected(settings(), vec![Ok(GOOD)]);
    let client = Arc::clone(&device.client);
    let codes = Arc::new(Mutex::new(Vec::new()));
    let place = Arc::clone(&codes);
    device.firmware.react(move |event| {
        if let Event::Received(message) = event {
            if message.topic == "/a" {
                place.lock().unwrap().extend([
                    client.publish("/b", 1, false, b"x"),
                    client.subscribe("/c", 0, OTHER),
                    client.unsubscribe("/c"),
                    client.yield_for(10),
                ]);
            }
        }
    });
    device.server.publish("/a", b"x", None);
    device.client.yield_for(10);
    let codes = codes.lock().unwrap().clone();
    assert!(codes[..3].iter().all(|code| *code > 0), "{codes:?}");
    assert_eq!(codes[3], state::USER_INPUT_INVALID);
}
