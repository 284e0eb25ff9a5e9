//! Which filters take which topics (MQTT 3.1.1 section 4.7).

/// True if a subscription to `filter` receives a message on `topic`.
pub(crate) fn matches(filter: &str, topic: &str) -> bool {
    // Section 4.7.2: a leading wildcard does not take topics of the server.
    if topic.starts_with('$') && filter.starts_with(['+', '#']) {
        return false;
    }
    let mut levels = topic.split('/');
    let mut wanted = filter.split('/');
    loop {
        match (wanted.next(), levels.next()) {
            (Some("#"), _) | (None, None) => return true,
            (Some("+"), Some(_)) => {}
            (Some(filter), Some(level)) if filter == level => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn wildcards_follow_the_specification() {
        for (filter, topic, expected) in [
            ("/a/b", "/a/b", true),
            ("/a/b", "/a/b/c", false),
            ("/a/b/c", "/a/b", false),
            ("/a/+/c", "/a/b/c", true),
            ("/a/+", "/a/", true),
            ("/a/+", "/a", false),
            ("/a/+", "/a/b/c", false),
            ("/a/#", "/a", true),
            ("/a/#", "/a/b/c", true),
            ("/a/#", "/ab", false),
            ("#", "/a/b", true),
            ("+/a", "/a", true),
            ("#", "$SYS/x", false),
            ("+/x", "$SYS/x", false),
            ("$SYS/#", "$SYS/x", true),
        ] {
            assert_eq!(matches(filter, topic), expected, "{filter} {topic}");
        }
    }
}
