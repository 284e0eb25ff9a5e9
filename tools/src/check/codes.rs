//! The words that name findings for scripts. docs/x509-tool.md says what each means.

/// Every code, in alphabetical order. One that has been released keeps its meaning.
pub(crate) const ALL: &[&str] = &[
    "alone",
    "certificate",
    "certificate-is-ca",
    "certificate-unreadable",
    "certificate-usage",
    "certificate-version",
    "chain",
    "chain-anchor",
    "chain-expired",
    "chain-gap",
    "chain-order",
    "chain-root",
    "chain-signature",
    "chain-twice",
    "client-authorities",
    "client-certificate",
    "credentials-refused",
    "dates",
    "dates-after-2050",
    "der",
    "dns",
    "empty",
    "engine-version",
    "expired",
    "expires-soon",
    "handshake",
    "key-encrypted",
    "key-in-certificate",
    "key-in-git",
    "key-mode",
    "key-openssh",
    "key-public",
    "key-putty",
    "key-several",
    "key-type",
    "key-type-platform",
    "key-unreadable",
    "library",
    "no-certificate",
    "no-key",
    "not-yet-valid",
    "pair",
    "pem-byte-order-mark",
    "pem-character",
    "pem-dashes",
    "pem-empty",
    "pem-header",
    "pem-ignored",
    "pem-label",
    "pem-length",
    "pem-no-begin",
    "pem-no-end",
    "pem-none",
    "pem-other",
    "pem-padding",
    "pem-text-around",
    "pem-too-long",
    "pem-untidy",
    "pem-utf16",
    "platform-root-2028",
    "platform-roots",
    "root",
    "root-expired",
    "root-expires-soon",
    "root-not-ca",
    "root-not-yet-valid",
    "root-twice",
    "root-unusable",
    "roots",
    "roots-expired",
    "rsa-key-exchange",
    "server-expires-soon",
    "signature-weak",
    "source-defined-twice",
    "source-escape",
    "source-not-literal",
    "source-nul",
    "source-null",
    "source-open-literal",
    "source-undefined",
    "source-wide-literal",
    "swapped",
    "tcp",
    "unreadable",
    "version",
];

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn the_document_lists_every_code_and_no_other() {
        let document = include_str!("../../../docs/x509-tool.md");
        let (_, codes) = document.split_once("## Codes of findings").unwrap_or_default();
        let rows = codes.lines().filter(|line| line.starts_with("| `"));
        let cells = rows.filter_map(|row| row.split('|').nth(1));
        let mut listed: Vec<&str> =
            cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
        listed.sort_unstable();
        assert_eq!(listed, ALL);
    }
}
