//! Holds the documents of what was measured: no table of sizes or speed lacks a row, a build or a bar.
#![allow(clippy::unwrap_used, reason = "a test fails where its documents cannot be read")]

use std::fs;
use std::path::PathBuf;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_table_of_sizes_has_every_target_engine_and_profile() {
    let document = fs::read_to_string(root().join("docs/footprint.md")).unwrap();
    for target in ["x86_64", "aarch64", "armv7"] {
        for engine in ["rustls", "mbedtls"] {
            for built in ["`hal` | release", "`mqtt` | release", "`sdk` | release", "`hal` | size"]
            {
                let row = format!("| {target} | {engine} | {built} |");
                assert_eq!(document.matches(&row).count(), 1, "{row}");
            }
        }
    }
}

/// Rows of the table of `make bench`, and in how many of its groups each stands.
const MEASURED: [(&str, usize); 28] = [
    ("full, M instructions", 4),
    ("full, CPU ms", 4),
    ("full, wall ms", 4),
    ("resumed, M instr.", 4),
    ("resumed, CPU ms", 4),
    ("resumed, wall ms", 4),
    ("first one, M instr.", 4),
    ("write, 16 KiB calls", 2),
    ("write, 1 KiB calls", 2),
    ("write, 100-byte calls", 2),
    ("read, 16 KiB calls", 2),
    ("read, 1 KiB calls", 2),
    ("read, 100-byte calls", 2),
    ("write, 16 KiB", 1),
    ("read, 100-byte", 1),
    ("first: peak", 1),
    ("first: idle", 1),
    ("first: after 16 KiB", 1),
    ("first: waiting again", 1),
    ("further one: peak", 1),
    ("further one: idle", 1),
    ("stack, deepest, KB", 1),
    ("threads for connecting", 1),
    ("threads while idle", 1),
    ("switches/idle minute", 1),
    ("whole program", 1),
    ("QoS 0", 1),
    ("QoS 1", 1),
];

/// What the table lacks: rows, or a figure of one of the seven builds.
fn gaps_of_the_table_of_speed(document: &str) -> Vec<String> {
    // A label of 24 columns, of which two are indented, then a cell of eight for each build.
    let cells = |line: &str| (line.len() - 24).div_ceil(8);
    let mut gaps = Vec::new();
    for (label, groups) in MEASURED {
        let rows: Vec<_> =
            document.lines().filter(|line| line.get(..24).map(str::trim) == Some(label)).collect();
        if rows.len() != groups || rows.iter().any(|row| cells(row) != 7) {
            gaps.push(format!("{label}: {rows:?}"));
        }
    }
    gaps
}

#[test]
fn the_table_of_speed_has_every_row_and_every_build() {
    let document = fs::read_to_string(root().join("docs/performance.md")).unwrap();
    assert_eq!(gaps_of_the_table_of_speed(&document), Vec::<String>::new());
    let without_resumption = document.replace("resumed, M instr.", "");
    assert_eq!(gaps_of_the_table_of_speed(&without_resumption).len(), 1);
    assert!(document.contains("Command: `make bench`. Machine: "));
    assert!(fs::read_to_string(root().join("docs/performance.svg")).unwrap().contains("</svg>"));
    // The gate of continuous integration is in it, bar by bar.
    let bars = fs::read_to_string(root().join("benches/bars.json")).unwrap();
    let figures: Vec<_> = bars.lines().filter_map(|line| line.split('"').nth(3)).collect();
    assert!(figures.len() > 10, "{figures:?}");
    for figure in figures {
        assert!(document.contains(&format!("| {figure} ")), "{figure}");
    }
}

#[test]
fn the_tables_of_holders_are_there_for_both_engines() {
    let document = fs::read_to_string(root().join("docs/footprint.md")).unwrap();
    for engine in ["rustls", "mbedtls"] {
        assert!(document.contains(&format!("Engine `{engine}`:\n\n| held by |")), "{engine}");
    }
    for (holder, tables) in [
        ("linksdk_hal", 2),
        ("**all**", 2),
        ("rustls", 1),
        ("ring (C and assembly)", 1),
        ("Mbed TLS (C)", 1),
    ] {
        assert_eq!(document.matches(&format!("\n| {holder} |")).count(), tables, "{holder}");
    }
}
