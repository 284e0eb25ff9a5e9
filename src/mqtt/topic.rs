//! Topic names and filters: what the platform accepts, and which filter matches which name.
#![forbid(unsafe_code)]

use crate::state;

/// The longest topic that the platform and the Link SDK accept, in bytes.
pub const LONGEST: usize = 128;

/// Checks a topic name for publishing: it begins with '/', has 1 to 128 printable ASCII characters
/// and no wildcard. The error is the Link SDK's state code.
pub fn check_name(name: &str) -> Result<(), i32> {
    check_characters(name)?;
    if name.contains(['+', '#']) {
        return Err(state::MQTT_UNEXP_TOPIC_FORMAT);
    }
    Ok(())
}

/// Checks a topic filter for subscribing: like a name, and each wildcard fills a whole level, '#'
/// only the last one (MQTT 3.1.1 section 4.7.1).
pub fn check_filter(filter: &str) -> Result<(), i32> {
    check_characters(filter)?;
    let mut levels = filter.split('/').peekable();
    while let Some(level) = levels.next() {
        let misplaced = match level {
            "+" => false,
            "#" => levels.peek().is_some(),
            _ => level.contains(['+', '#']),
        };
        if misplaced {
            return Err(state::MQTT_UNEXP_TOPIC_FORMAT);
        }
    }
    Ok(())
}

fn check_characters(topic: &str) -> Result<(), i32> {
    if !topic.starts_with('/') {
        return Err(state::MQTT_UNEXP_TOPIC_FORMAT);
    }
    if topic.len() > LONGEST {
        return Err(state::MQTT_TOPIC_BUF_TOO_SHORT);
    }
    if topic.bytes().any(|byte| !(32..127).contains(&byte)) {
        return Err(state::MQTT_UNEXP_TOPIC_FORMAT);
    }
    Ok(())
}

/// Whether `filter` matches `name` (MQTT 3.1.1 section 4.7): '+' stands for one level, also an empty
/// one; '#' for any number of levels, also none; neither matches a first level that begins with '$'.
pub fn matches(filter: &str, name: &str) -> bool {
    if name.starts_with('$') && filter.starts_with(['+', '#']) {
        return false;
    }
    let mut wanted = filter.split('/');
    let mut given = name.split('/');
    loop {
        match (wanted.next(), given.next()) {
            (Some("#"), _) | (None, None) => return true,
            (Some("+"), Some(_)) => {}
            (Some(level), Some(other)) if level == other => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_filters_get_the_codes_of_the_sdk() {
        let malformed = Err(state::MQTT_UNEXP_TOPIC_FORMAT);
        for good in ["/", "/a", "/a1/b/user/get", "/a b/~"] {
            assert_eq!((check_name(good), check_filter(good)), (Ok(()), Ok(())), "{good}");
        }
        for bad in
            ["", "a/b", "/a\u{1}", "/\u{e4}", "/a\n", "/a+", "/a/+b", "/#/a", "/a#", "/a/#/b"]
        {
            assert_eq!((check_name(bad), check_filter(bad)), (malformed, malformed), "{bad:?}");
        }
        for filter in ["/+", "/#", "/a/+/c", "/a/+/#"] {
            assert_eq!((check_name(filter), check_filter(filter)), (malformed, Ok(())), "{filter}");
        }
        let longest = format!("/{}", "x".repeat(127));
        assert_eq!(check_name(&longest), Ok(()));
        assert_eq!(check_name(&format!("{longest}x")), Err(state::MQTT_TOPIC_BUF_TOO_SHORT));
    }

    /// Section 4.7 again, by recursion over characters instead of levels.
    fn reference(filter: &[u8], name: &[u8], at_level_start: bool) -> bool {
        match (filter.first(), name.first()) {
            (None, None) => true,
            (Some(b'#'), _) if at_level_start => true,
            // "sport/#" also matches "sport".
            (Some(b'/'), None) if filter == b"/#" => true,
            (Some(b'+'), _) if at_level_start => {
                let level = name.iter().position(|c| *c == b'/').unwrap_or(name.len());
                reference(&filter[1..], &name[level..], false)
            }
            (Some(f), Some(n)) if f == n => reference(&filter[1..], &name[1..], *f == b'/'),
            _ => false,
        }
    }

    fn words(alphabet: &[u8], longest: usize) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut last = all.clone();
        for _ in 0..longest {
            last = last
                .iter()
                .flat_map(|w| alphabet.iter().map(move |c| format!("{w}{}", char::from(*c))))
                .collect();
            all.extend(last.clone());
        }
        all
    }

    #[test]
    fn matching_agrees_with_the_reference_on_all_short_topics() {
        let names = words(b"ab/", 5);
        let mut matched = 0;
        for filter in words(b"a/+#", 5) {
            let filter = format!("/{filter}");
            if check_filter(&filter).is_err() {
                continue;
            }
            for name in &names {
                let name = format!("/{name}");
                let expected = reference(filter.as_bytes(), name.as_bytes(), true);
                assert_eq!(matches(&filter, &name), expected, "{filter} {name}");
                matched += usize::from(expected);
            }
        }
        assert!(matched > 1000, "{matched}");
    }

    /// Section 4.7.1, character by character: what stands beside a wildcard.
    fn is_filter(filter: &str) -> bool {
        let around = |index: usize| {
            let before = index.checked_sub(1).map(|index| filter.as_bytes()[index]);
            (before.unwrap_or(b'/'), filter.as_bytes().get(index + 1).copied())
        };
        !filter.is_empty()
            && filter.bytes().enumerate().all(|(index, byte)| match (byte, around(index)) {
                (b'#', (before, after)) => before == b'/' && after.is_none(),
                (b'+', (before, after)) => before == b'/' && after.unwrap_or(b'/') == b'/',
                _ => true,
            })
    }

    /// All filters and names of so many characters, with and without '/' or '$' in front. How many
    /// pairs matched.
    fn compare_all(longest_filter: usize, longest_name: usize) -> usize {
        let names = words(b"ab/$", longest_name);
        let mut matched = 0;
        for filter in words(b"a/+#$", longest_filter) {
            let accepted = is_filter(&filter) && filter.starts_with('/');
            assert_eq!(check_filter(&filter).is_ok(), accepted, "{filter}");
            if !is_filter(&filter) {
                continue;
            }
            let wild = filter.starts_with(['+', '#']);
            for name in names.iter().filter(|name| !name.is_empty()) {
                let hidden = name.starts_with('$') && wild; // section 4.7.2
                let expected = !hidden && reference(filter.as_bytes(), name.as_bytes(), true);
                assert_eq!(matches(&filter, name), expected, "{filter} {name}");
                matched += usize::from(expected);
            }
        }
        matched
    }

    #[test]
    fn checking_and_matching_agree_with_the_reference_on_short_topics() {
        assert!(compare_all(4, 4) > 1000);
    }

    #[test]
    #[ignore = "minutes without optimisation: make exhaustive"]
    fn checking_and_matching_agree_with_the_reference_on_all_topics_of_six() {
        assert!(compare_all(6, 6) > 10_000);
    }

    #[test]
    fn wildcards_do_not_match_dollar_topics() {
        assert!(!matches("#", "$SYS/x"));
        assert!(!matches("+/x", "$SYS/x"));
        assert!(matches("$SYS/#", "$SYS/x"));
    }
}
