//! Man pages and completions.

use std::process::{Command, Stdio};

use crate::folder::{self, run, text};

#[test]
fn man_pages_cover_every_command_and_option() {
    let folder = folder::empty("man").join("made/here");
    assert!(run(&["man", "--out", text(&folder)]).status.success());
    let help = String::from_utf8(run(&["--help"]).stdout).unwrap();
    for command in ["pki", "simulate", "embed", "check", "completions", "man"] {
        assert!(help.contains(&format!("  {command} ")), "{command}: {help}");
        let page =
            std::fs::read_to_string(folder.join(format!("linksdk-x509-{command}.1"))).unwrap();
        assert!(page.starts_with(".ie") && page.contains(".TH linksdk-x509-"), "{page}");
        let page = page.replace("\\-", "-");
        let help = String::from_utf8(run(&[command, "--help"]).stdout).unwrap();
        let options = help.split_whitespace().filter(|word| word.starts_with("--"));
        for option in options.map(|word| word.trim_end_matches([',', ')', '.', ';', ':'])) {
            assert!(page.contains(option), "{command} {option}");
        }
    }
    let check = std::fs::read_to_string(folder.join("linksdk-x509-check.1")).unwrap();
    assert!(check.contains("Exit status:"), "{check}");
    let main = std::fs::read_to_string(folder.join("linksdk-x509.1")).unwrap();
    assert_eq!(String::from_utf8(run(&["man"]).stdout).unwrap(), main);
    assert!(main.contains("check") && main.contains(".SH SUBCOMMANDS"));
}

#[test]
fn completions_are_scripts_that_the_shell_reads() {
    for shell in ["bash", "zsh", "fish"] {
        let output = run(&["completions", shell]);
        assert!(output.status.success());
        let script = String::from_utf8(output.stdout).unwrap();
        for word in ["simulate", "connect", "--", "linksdk-x509"] {
            assert!(shell == "fish" || script.contains(word), "{shell} {word}");
        }
        assert!(script.contains("key-type"), "{shell}");
        let reading = Command::new(shell).arg("-n").stdin(Stdio::piped()).spawn();
        // Not every machine has every shell; bash runs the build itself.
        let mut reading = match reading {
            Ok(reading) => reading,
            Err(error) => {
                assert!(shell != "bash", "{error}");
                continue;
            }
        };
        std::io::Write::write_all(reading.stdin.as_mut().unwrap(), script.as_bytes()).unwrap();
        assert!(reading.wait().unwrap().success(), "{shell}");
    }
    assert_eq!(run(&["completions", "cobol"]).status.code(), Some(2));
}
