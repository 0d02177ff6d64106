//! `shieldwall replay hits`: every hit of a recorded battle, with what it was judged by.
//!
//! Runs the recording again; nothing of it had to be written down while it was played.

use std::fmt::Write as _;
use std::path::Path;

use shieldwall_core::numeric::Tick;
use shieldwall_core::{CharacterId, Event, Judgement, ViewAge, World};

use crate::cli::HitsFlags;
use crate::error::HostError;
use crate::replay::{Progress, read, reader, refused};

/// The hits of the recording that the flags ask for, a line each, and how many there were.
///
/// # Errors
/// As [`crate::replay::verify`].
pub fn hits(flags: &HitsFlags) -> Result<String, HostError> {
    let path: &Path = &flags.file;
    let bytes = read(path)?;
    let reader = reader(path, &bytes, flags.terrain.as_deref())?;
    let last = flags.until.unwrap_or(u32::MAX);
    let first = flags.from.unwrap_or(reader.first_tick().0);
    let mut player = reader.player_at(Tick(first)).map_err(|error| refused(path, error))?;
    let mut progress = Progress::new("run", player.world().tick(), Tick(last.min(reader.end_tick().0)));
    let (mut text, mut shown, mut found) = (String::new(), 0_usize, 0_usize);
    loop {
        let tick = player.world().tick();
        if tick.0 > last || !player.step().map_err(|error| refused(path, error))? {
            break;
        }
        progress.show(tick);
        if tick.0 < first {
            continue;
        }
        each_hit(player.world(), |attacker, target, line| {
            let asked = flags.attacker.is_none_or(|slot| slot == attacker.slot)
                && flags.target.is_none_or(|slot| slot == target.slot);
            if asked {
                found += 1;
                if shown < flags.lines {
                    shown += 1;
                    let _ = writeln!(text, "tick {:>7}  {line}", tick.0);
                }
            }
        });
    }
    progress.end();
    let more =
        if found > shown { format!(", {shown} of them shown (--lines N shows more)") } else { String::new() };
    let _ = write!(text, "{found} hits{more}");
    Ok(text)
}

/// Tells of each hit of a world's last tick who struck whom, and why, in words.
fn each_hit(world: &World, mut tell: impl FnMut(CharacterId, CharacterId, &str)) {
    // Judgements stand in the order of the hits they belong to.
    let mut judgements = world.judgements().iter().peekable();
    for event in world.events() {
        let Event::Hit { attacker, target, amount, arm } = *event else { continue };
        let judged = judgements
            .next_if(|judged| (judged.attacker, judged.target, judged.arm) == (attacker, target, arm));
        let name = arm.name();
        let why = judged.map_or_else(|| "judged in the present".to_owned(), |judged| in_words(world, judged));
        let line = format!("{:>5} hit {:>5} with the {name} for {amount}: {why}", attacker.slot, target.slot);
        tell(attacker, target, &line);
    }
}

/// What a hit in the past was judged by.
fn in_words(world: &World, judged: &Judgement) -> String {
    let per_tick = f64::from(ViewAge::PARTS) * f64::from(world.config().tick_hz);
    let age_ms = f64::from(judged.age.0) * 1_000.0 / per_tick;
    let gone = judged.seen.horizontal_distance(judged.present);
    format!(
        "seen {age_ms:.0} ms before at ({:.2}, {:.2}), gone {:.2} m by then",
        f64::from(judged.seen.x.to_mm()) / 1e3,
        f64::from(judged.seen.z.to_mm()) / 1e3,
        f64::from(gone.to_mm()) / 1e3,
    )
}
