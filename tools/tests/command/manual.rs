//! Man pages and completions.

use std::io::ErrorKind;
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

fn completions(shell: &str) -> String {
    let output = run(&["completions", shell]);
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

/// What a shell prints; `None` where it is not installed, which bash always is.
fn said(shell: &str, words: &[&str]) -> Option<String> {
    match Command::new(shell).args(words).stdin(Stdio::null()).output() {
        Ok(output) => {
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && errors.is_empty(), "{shell} {words:?}: {errors}");
            Some(String::from_utf8(output.stdout).unwrap())
        }
        Err(error) if error.kind() == ErrorKind::NotFound && shell != "bash" => None,
        Err(error) => panic!("{shell}: {error}"),
    }
}

const OPTIONS: [(&str, &str); 5] = [
    ("pki", "--key-type"),
    ("simulate", "--ready-file"),
    ("embed", "--cert"),
    ("check", "--connect"),
    ("man", "--out"),
];

#[test]
fn bash_offers_the_options_of_the_command() {
    let folder = folder::empty("completions-bash");
    let path = folder.join("script");
    std::fs::write(&path, completions("bash")).unwrap();
    // What bash does when the tabulator key is pressed behind `before`.
    let offered = |before: &str| {
        let words: Vec<&str> = before.split(' ').collect();
        let (current, last) = (words[words.len() - 1], words[words.len() - 2]);
        let line = format!(
            ". {}; COMP_WORDS=({before}); COMP_CWORD={}; function=$(complete -p linksdk-x509); \
             function=${{function#*-F }}; ${{function%% *}} linksdk-x509 {current} {last}; \
             echo \"${{COMPREPLY[*]}}\"",
            text(&path),
            words.len() - 1
        );
        said("bash", &["-c", &line]).unwrap()
    };
    for (command, option) in OPTIONS {
        let all = offered(&format!("linksdk-x509 {command} --"));
        assert!(all.split_whitespace().any(|word| word == option), "{command}: {all}");
        assert_eq!(offered(&format!("linksdk-x509 {command} {option}")), format!("{option}\n"));
    }
    assert_eq!(offered("linksdk-x509 simu"), "simulate\n");
    assert_eq!(offered("linksdk-x509 check --ready"), "\n");
}

#[test]
fn fish_offers_the_options_of_the_command() {
    let folder = folder::empty("completions-fish");
    let path = folder.join("script");
    std::fs::write(&path, completions("fish")).unwrap();
    for (command, option) in OPTIONS {
        let line = format!("source {}; complete -C 'linksdk-x509 {command} --'", text(&path));
        if let Some(all) = said("fish", &["--no-config", "-c", &line]) {
            assert!(all.lines().any(|line| line.split('\t').next() == Some(option)), "{all}");
        }
    }
}

#[test]
fn zsh_loads_the_completions() {
    let folder = folder::empty("completions-zsh");
    let script = completions("zsh");
    assert!(OPTIONS.iter().all(|(_, option)| script.contains(option)), "{script}");
    std::fs::write(folder.join("_linksdk-x509"), script).unwrap();
    let line = format!(
        "fpath=({} $fpath); autoload -Uz compinit; compinit -u -D; autoload +X _linksdk-x509; \
         echo $_comps[linksdk-x509]",
        text(&folder)
    );
    if let Some(function) = said("zsh", &["-f", "-c", &line]) {
        assert_eq!(function, "_linksdk-x509\n");
    }
}

#[test]
fn completions_of_an_unknown_shell_are_refused() {
    assert_eq!(run(&["completions", "cobol"]).status.code(), Some(2));
}
