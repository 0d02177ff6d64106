//! The binary `shieldwall`: reads the command line, runs a subcommand, turns errors into text and exit codes.

use std::process::ExitCode;

use clap::Parser;
use shieldwall_host::cli::{Cli, Command, ReplayCommand};
use shieldwall_host::{commands, replay};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match &cli.command {
        None => commands::demo(&cli.demo),
        Some(Command::Demo(flags)) => commands::demo(flags),
        Some(Command::Serve(flags)) => commands::serve(flags),
        Some(Command::Bots(flags)) => commands::bots(flags),
        Some(Command::Token(flags)) => commands::token(flags),
        Some(Command::Replay(ReplayCommand::Verify { file })) => {
            replay::verify(file).map(|text| println!("{text}"))
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("shieldwall: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
