//! Man pages and shell completions, made from the definitions of the arguments.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::failure::{Explain, Outcome, say};

const CHECK_FOLDER: &str = "Check that the folder can be made and that you may write to it.";

/// Print the man page, or write all of them
///
/// Without --out the page of linksdk-x509 itself goes to standard output. With it, the folder gets
/// that page and one for each command, all of section 1.
#[derive(Args)]
pub(crate) struct ManArguments {
    /// Folder to write to; made if missing
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Print the completions for a shell
///
/// Put the output where the shell looks for it, for example
/// /usr/share/bash-completion/completions/linksdk-x509 (bash),
/// /usr/share/zsh/site-functions/_linksdk-x509 (zsh) or
/// /usr/share/fish/vendor_completions.d/linksdk-x509.fish (fish).
#[derive(Args)]
pub(crate) struct CompletionsArguments {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(crate) fn man(arguments: &ManArguments, command: Command) -> Outcome<()> {
    // One page for `help` would say what --help says.
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let attempted = "Making the man pages";
    let Some(folder) = &arguments.out else {
        print(&page(&command).explain(attempted, CHECK_FOLDER)?);
        return Ok(());
    };
    let attempted = format!("{attempted} in {}", folder.display());
    std::fs::create_dir_all(folder).explain(&attempted, CHECK_FOLDER)?;
    for command in std::iter::once(&command).chain(command.get_subcommands()) {
        let path = folder.join(format!("{}.1", full_name(command)));
        let page = page(command).explain(&attempted, CHECK_FOLDER)?;
        std::fs::write(path, page).explain(&attempted, CHECK_FOLDER)?;
    }
    say(&format!("{}: the man pages", folder.display()));
    Ok(())
}

/// linksdk-x509 or linksdk-x509-COMMAND.
fn full_name(command: &Command) -> String {
    command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned()
}

fn page(command: &Command) -> io::Result<Vec<u8>> {
    let (name, mut page) = (full_name(command), Vec::new());
    let after = command.get_after_help().map(ToString::to_string);
    let man = Man::new(command.clone()).title(name);
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    if let Some(after) = after {
        // Its lines and columns are meant as they are: no filling.
        writeln!(page, ".SH NOTES\n.nf")?;
        for line in after.lines() {
            let line = line.replace('\\', "\\e").replace('-', "\\-");
            let guard = if line.starts_with(['.', '\'']) { "\\&" } else { "" };
            writeln!(page, "{guard}{line}")?;
        }
        writeln!(page, ".fi")?;
    }
    Ok(page)
}

pub(crate) fn completions(arguments: &CompletionsArguments, mut command: Command) {
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, &name, &mut script);
    if arguments.shell == Shell::Bash {
        // clap_complete writes a hyphen of the name in two ways, so that no command of ours would
        // be recognised (https://github.com/clap-rs/clap/issues/6421).
        let (wrong, right) = (name.replace('-', "__subcmd__"), name.replace('-', "__"));
        script = String::from_utf8_lossy(&script).replace(&wrong, &right).into_bytes();
    }
    print(&script);
}

/// Writes to standard output. That nobody reads it is no failure.
fn print(bytes: &[u8]) {
    let _ = io::stdout().write_all(bytes);
}
