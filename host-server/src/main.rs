//! The binary `shieldwall`: reads the command line, runs a subcommand, turns errors into text and exit codes.

use std::io::ErrorKind;
use std::process::ExitCode;

use clap::Parser;
use shieldwall_host::cli::{Cli, Command, ReplayCommand, SceneryCommand, TerrainCommand};
use shieldwall_host::error::HostError;
use shieldwall_host::{capture, commands, diff, dissect, replay, replay_hits, rules, scenery, terrain};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match &cli.command {
        None => commands::demo(&cli.demo),
        Some(Command::Demo(flags)) => commands::demo(flags),
        Some(Command::Serve(flags)) => commands::serve(flags),
        Some(Command::Bots(flags)) => commands::bots(flags),
        Some(Command::Token(flags)) => commands::token(flags),
        Some(Command::Capture(flags)) => capture::relay::run(flags).map(|text| commands::print(&text)),
        Some(Command::Dissect(flags)) => {
            let mut out = std::io::BufWriter::new(std::io::stdout().lock());
            match dissect::run(flags, &mut out) {
                // Whoever has seen enough (`| head`) is no failure.
                Err(HostError::File { source, .. }) if source.kind() == ErrorKind::BrokenPipe => Ok(()),
                explained => explained.map(drop),
            }
        }
        Some(Command::Scenery(command)) => match command {
            SceneryCommand::Bake(flags) => scenery::bake(flags),
            SceneryCommand::Info { file } => scenery::info(file),
        }
        .map(|text| commands::print(&(text + "\n"))),
        Some(Command::Replay(command)) => match command {
            ReplayCommand::Info { file } => replay::info(file),
            ReplayCommand::Verify { file, terrain } => replay::verify(file, terrain.as_deref()),
            ReplayCommand::Seek { file, terrain, tick, out } => {
                replay::seek(file, terrain.as_deref(), *tick, out.as_deref())
            }
            ReplayCommand::Hits(flags) => replay_hits::hits(flags),
        }
        .map(|text| commands::print(&(text + "\n"))),
        Some(Command::Diff(flags)) => {
            match diff::files(&flags.a, &flags.b, flags.terrain.as_deref(), flags.lines) {
                Ok(verdict) => {
                    commands::print(&verdict.text);
                    return ExitCode::from(u8::from(!verdict.is_equal));
                }
                Err(error) => Err(error),
            }
        }
        Some(Command::Rules(command)) => {
            let verdict = rules::run(command);
            commands::print(&verdict.out);
            eprint!("{}", verdict.error);
            return ExitCode::from(verdict.code);
        }
        Some(Command::Terrain(what)) => match what {
            TerrainCommand::Import(flags) => terrain::import(flags),
            TerrainCommand::Info { file } => terrain::info(file),
            TerrainCommand::Preview(flags) => terrain::preview(flags),
        }
        .map(|text| commands::print(&(text + "\n"))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("shieldwall: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
