//! `linksdk-x509`: what a firmware engineer needs beside the library on the way to a device that
//! authenticates by X.509: certificates to try with, the platform on loopback, a C file with the
//! device's credentials, a check of what is wrong with them.

#![forbid(unsafe_code)]

mod certificates;
mod check;
mod credentials;
mod devices;
mod embed;
mod failure;
mod files;
mod manual;
mod pki;
mod progress;
mod simulate;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

/// Companion of the Link SDK TLS HAL: try X.509 devices without the cloud.
#[derive(Parser)]
#[command(name = "linksdk-x509", version, max_term_width = 80, after_help = EXAMPLE)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLE: &str = "\
Example, from nothing to a device that talks to the simulated platform:
  linksdk-x509 pki --out pki --device dev1 --product-key a1Demo00000
  linksdk-x509 embed --cert pki/dev1.crt --key pki/dev1.key \\
      --ca pki/platform-ca.crt --out device.c
  linksdk-x509 check --source device.c
  linksdk-x509 simulate --pki pki --listen 127.0.0.1:1883

Exit status: 0 success, 1 failure (the reason is on standard error), 2 wrong
arguments. The command check has one more.";

#[derive(Subcommand)]
enum Command {
    Pki(pki::Arguments),
    Simulate(simulate::Arguments),
    Embed(embed::Arguments),
    Check(Box<check::Arguments>),
    Completions(manual::CompletionsArguments),
    Man(manual::ManArguments),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Pki(arguments) => pki::run(&arguments),
        Command::Simulate(arguments) => simulate::run(&arguments),
        Command::Embed(arguments) => embed::run(&arguments),
        Command::Check(arguments) => return check::run(&arguments),
        Command::Completions(arguments) => {
            manual::completions(&arguments, Arguments::command());
            Ok(())
        }
        Command::Man(arguments) => manual::man(&arguments, Arguments::command()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure::complain(&failure.to_string());
            ExitCode::FAILURE
        }
    }
}
