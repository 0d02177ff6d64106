//! `shieldwall diff`: where two states, or two recorded battles, part ways: tick, column, row, value.

use std::fmt::Write as _;
use std::path::Path;

use shieldwall_core::numeric::Tick;
use shieldwall_core::state::{snapshot, state_hash::COLUMNS, tables::TABLE_NAMES};
use shieldwall_core::world::replay;
use shieldwall_core::{
    ReplayError, ReplayPlayer, ReplayReader, StateHash, StateImage, World, WorldConfig, differences,
};

use crate::error::HostError;
use crate::replay::{Progress, read, reader, refused};

/// What was found, for a person; and whether the two are the same.
#[derive(Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Several lines.
    pub text: String,
    /// Whether nothing differs.
    pub is_equal: bool,
}

impl Verdict {
    fn equal(text: String) -> Self {
        Self { text, is_equal: true }
    }

    fn differing(text: String) -> Self {
        Self { text, is_equal: false }
    }
}

/// Compares two files: two state images, or two recordings, run again with the height or scenery file at `terrain`. Shows
/// at most `lines` values.
///
/// # Errors
/// [`HostError::File`] when one cannot be read, [`HostError::ReplayFormat`] when they are not two of a kind.
pub fn files(a: &Path, b: &Path, terrain: Option<&Path>, lines: usize) -> Result<Verdict, HostError> {
    let (a_bytes, b_bytes) = (read(a)?, read(b)?);
    let kind = |bytes: &[u8]| bytes.first_chunk::<4>().copied().unwrap_or_default();
    match (kind(&a_bytes), kind(&b_bytes)) {
        (snapshot::MAGIC, snapshot::MAGIC) => {
            let image = |path: &Path, bytes| {
                StateImage::read(bytes)
                    .map_err(|error| HostError::ReplayFormat(format!("{}: {error}", path.display())))
            };
            // The images borrow from the bytes read above.
            let (a_image, b_image) = (image(a, &a_bytes[..])?, image(b, &b_bytes[..])?);
            Ok(images(&a_image, &b_image, lines))
        }
        (replay::MAGIC, replay::MAGIC) => {
            let (a_reader, b_reader) = (reader(a, &a_bytes, terrain)?, reader(b, &b_bytes, terrain)?);
            Replays { a: &a_reader, b: &b_reader, lines }
                .compare()
                .map_err(|(in_b, error)| refused(if in_b { b } else { a }, error))
        }
        (first, second) => {
            let is_known = |kind| kind == snapshot::MAGIC || kind == replay::MAGIC;
            let message = match (is_known(first), is_known(second)) {
                (false, _) => format!("{} is neither a state image nor a recording", a.display()),
                (_, false) => format!("{} is neither a state image nor a recording", b.display()),
                _ => "one is a state image and one a recording; `shieldwall replay seek FILE --tick N --out \
                      state.swss` takes a state out of a recording"
                    .to_owned(),
            };
            Err(HostError::ReplayFormat(message))
        }
    }
}

/// Compares two states.
#[must_use]
pub fn images(a: &StateImage<'_>, b: &StateImage<'_>, lines: usize) -> Verdict {
    let (a_header, b_header) = (a.header(), b.header());
    if a_header == b_header && a.column_hashes() == b.column_hashes() {
        return Verdict::equal(format!("equal: tick {}, hash {}\n", a_header.tick.0, a_header.hash));
    }
    let mut text = String::new();
    let mut say = |name: &str, a: &dyn std::fmt::Display, b: &dyn std::fmt::Display| {
        let _ = writeln!(text, "{name}: {a} | {b}");
    };
    if a_header.fingerprint != b_header.fingerprint {
        say(
            "world",
            &format_args!("{:016x}", a_header.fingerprint),
            &format_args!("{:016x}", b_header.fingerprint),
        );
    }
    if a_header.tick != b_header.tick {
        say("tick", &a_header.tick.0, &b_header.tick.0);
    }
    for (table, name) in TABLE_NAMES.into_iter().enumerate() {
        if a_header.rows[table] != b_header.rows[table] {
            say(&format!("rows of {name}"), &a_header.rows[table], &b_header.rows[table]);
        }
    }
    if a_header.terrain_chunks != b_header.terrain_chunks {
        say("deformed chunks", &a_header.terrain_chunks, &b_header.terrain_chunks);
    }
    say("hash", &a_header.hash, &b_header.hash);
    let mut counts = [0_u32; COLUMNS];
    let mut values = String::new();
    let (mut shown, mut all) = (0, 0_u64);
    differences(a, b, |difference| {
        all += 1;
        let number = a.column_hashes().iter().position(|(info, _)| info == difference.column);
        if let Some(count) = number.and_then(|number| counts.get_mut(number)) {
            *count += 1;
        }
        if shown == lines {
            return;
        }
        shown += 1;
        let [a_generation, b_generation] = difference.generations;
        let id = match (a_generation, b_generation) {
            (0, 0) => difference.row.to_string(),
            (a, b) if a == b => format!("{}#{a}", difference.row),
            (a, b) => format!("{0}#{a} | {0}#{b}", difference.row),
        };
        let value = |value: Option<i64>| value.map_or("-".to_owned(), |value| value.to_string());
        let [from, to] = difference.values;
        let by = from.zip(to).map(|(from, to)| format!(" ({:+})", to - from)).unwrap_or_default();
        let column = difference.column;
        let _ = writeln!(
            values,
            "  {} {id} {}: {} | {}{by}",
            column.table.to_lowercase(),
            column.name,
            value(from),
            value(to)
        );
    });
    for ((info, _), count) in a.column_hashes().iter().zip(counts).filter(|(_, count)| *count > 0) {
        let _ = writeln!(text, "{} {}: {count} rows differ", info.table.to_lowercase(), info.name);
    }
    text.push_str(&values);
    if all > shown as u64 {
        let _ = writeln!(text, "  and {} values more", all - shown as u64);
    }
    Verdict::differing(text)
}

/// Two recordings, and how much to show.
struct Replays<'r, 'a> {
    a: &'r ReplayReader<'a>,
    b: &'r ReplayReader<'a>,
    lines: usize,
}

/// Which of the two (true for the second), and what is wrong with it.
type InOne = (bool, ReplayError);

impl Replays<'_, '_> {
    fn compare(&self) -> Result<Verdict, InOne> {
        let (a, b) = (self.a, self.b);
        if a.fingerprint() != b.fingerprint() {
            return Ok(Verdict::differing(configs(a, b)));
        }
        if a.first_tick() != b.first_tick() {
            let (a, b) = (a.first_tick().0, b.first_tick().0);
            return Ok(Verdict::differing(format!("the recordings begin at different ticks: {a} | {b}\n")));
        }
        let a_hashes = a.recorded_hashes().map_err(|error| (false, error))?;
        let b_hashes = b.recorded_hashes().map_err(|error| (true, error))?;
        let (agreed, parted) = bracket(a.first_tick(), &a_hashes, &b_hashes);
        let mut a_player = self.at(a, agreed).map_err(|error| (false, error))?;
        let mut b_player = self.at(b, agreed).map_err(|error| (true, error))?;
        let mut progress = Progress::new("compared", agreed, parted.unwrap_or(a.end_tick()));
        loop {
            let (a_world, b_world) = (a_player.world(), b_player.world());
            let tick = a_world.tick();
            if a_world.state_hash() != b_world.state_hash() {
                progress.end();
                return Ok(self.parted_at(tick, &a_player, &b_player));
            }
            if Some(tick) == parted {
                progress.end();
                return Ok(self.only_recorded(tick, &a_player, &b_player, &a_hashes, &b_hashes));
            }
            let a_more = a_player.step().map_err(|error| (false, error))?;
            let b_more = b_player.step().map_err(|error| (true, error))?;
            if !(a_more && b_more) {
                progress.end();
                return Ok(ends(tick, a_more, b_more, self));
            }
            progress.show(tick);
        }
    }

    /// A player at a tick, from the keyframe before it.
    fn at<'r, 'a>(
        &self,
        replay: &'r ReplayReader<'a>,
        tick: Tick,
    ) -> Result<ReplayPlayer<'r, 'a>, ReplayError> {
        let mut player = replay.player_at(tick)?.lenient();
        while player.world().tick() != tick && player.step()? {}
        Ok(player)
    }

    fn parted_at(&self, tick: Tick, a: &ReplayPlayer<'_, '_>, b: &ReplayPlayer<'_, '_>) -> Verdict {
        let mut text =
            format!("equal before tick {}, different before tick {}\n", tick.0.wrapping_sub(1), tick.0);
        if tick == self.a.first_tick() {
            text = format!("different from their first state on, before tick {}\n", tick.0);
        } else if a.commands() == b.commands() {
            let _ = writeln!(text, "the commands of tick {} are the same", tick.0.wrapping_sub(1));
        } else {
            let _ = writeln!(text, "the commands of tick {} differ:", tick.0.wrapping_sub(1));
            let (a, b) = (a.commands(), b.commands());
            let differing = (0..a.len().max(b.len())).filter(|at| a.get(*at) != b.get(*at));
            for at in differing.take(self.lines) {
                let one =
                    |command: Option<_>| command.map_or("-".to_owned(), |command| format!("{command:?}"));
                let _ = writeln!(text, "  {at}: {} | {}", one(a.get(at)), one(b.get(at)));
            }
        }
        text.push_str(&worlds(a.world(), b.world(), self.lines));
        Verdict::differing(text)
    }

    /// The recordings say that they differ, but run again here they do not.
    fn only_recorded(
        &self,
        tick: Tick,
        a: &ReplayPlayer<'_, '_>,
        b: &ReplayPlayer<'_, '_>,
        a_hashes: &[(Tick, StateHash)],
        b_hashes: &[(Tick, StateHash)],
    ) -> Verdict {
        let here = a.world().state_hash();
        let at =
            |hashes: &[(Tick, StateHash)]| hashes.iter().find(|(at, _)| *at == tick).map(|(_, hash)| *hash);
        let said = |player: &ReplayPlayer<'_, '_>, hashes| match (player.mismatch(), at(hashes)) {
            (None, Some(hash)) if hash == here => "computed as here".to_owned(),
            (_, Some(hash)) => format!("recorded {hash}: another machine or version computed something else"),
            (_, None) => "nothing recorded".to_owned(),
        };
        let mut text = format!(
            "the recorded hashes differ before tick {}, the commands do not; run again here both give {here}\n\
             first:  {}\nsecond: {}\n",
            tick.0,
            said(a, a_hashes),
            said(b, b_hashes),
        );
        text.push_str(&self.recorded_images(tick));
        Verdict::differing(text)
    }

    /// The first keyframes from a tick on that both have and that differ.
    fn recorded_images(&self, tick: Tick) -> String {
        let first = self.a.first_tick();
        let from = tick.0.wrapping_sub(first.0);
        let common = self.a.keyframes().filter(|at| at.0.wrapping_sub(first.0) >= from);
        let (mut a_bytes, mut b_bytes) = (Vec::new(), Vec::new());
        for at in common {
            let both = self.a.keyframe_image(at, &mut a_bytes).is_ok()
                && self.b.keyframe_image(at, &mut b_bytes).is_ok();
            if both
                && a_bytes != b_bytes
                && let (Ok(a), Ok(b)) = (StateImage::read(&a_bytes), StateImage::read(&b_bytes))
            {
                return format!(
                    "the recorded states before tick {}:\n{}",
                    at.0,
                    images(&a, &b, self.lines).text
                );
            }
        }
        "no recorded state after that tick is in both\n".to_owned()
    }
}

/// The last place up to which the recorded hashes agree, and the first one where they do not.
fn bracket(first: Tick, a: &[(Tick, StateHash)], b: &[(Tick, StateHash)]) -> (Tick, Option<Tick>) {
    let order = |tick: Tick| tick.0.wrapping_sub(first.0);
    let (mut agreed, mut b_at) = (first, 0);
    for (tick, hash) in a {
        while b.get(b_at).is_some_and(|(other, _)| order(*other) < order(*tick)) {
            b_at += 1;
        }
        match b.get(b_at) {
            Some((other, other_hash)) if other == tick => {
                if hash != other_hash {
                    return (agreed, Some(*tick));
                }
                agreed = *tick;
            }
            _ => {}
        }
    }
    (agreed, None)
}

/// The differences of two worlds.
fn worlds(a: &World, b: &World, lines: usize) -> String {
    let image = |world: &World| {
        let mut bytes = Vec::new();
        world.snapshot_into(&mut bytes);
        bytes
    };
    let (a, b) = (image(a), image(b));
    match (StateImage::read(&a), StateImage::read(&b)) {
        (Ok(a), Ok(b)) => images(&a, &b, lines).text,
        _ => String::new(),
    }
}

fn ends(tick: Tick, a_more: bool, b_more: bool, replays: &Replays<'_, '_>) -> Verdict {
    let ticks = tick.0.wrapping_sub(replays.a.first_tick().0);
    let same = format!("{ticks} ticks are the same, up to tick {}", tick.0);
    match (a_more, b_more) {
        (false, false) => Verdict::equal(format!("equal: {same}\n")),
        (true, _) => {
            Verdict::differing(format!("{same}; the first goes on to tick {}\n", replays.a.end_tick().0))
        }
        (_, true) => {
            Verdict::differing(format!("{same}; the second goes on to tick {}\n", replays.b.end_tick().0))
        }
    }
}

/// A number of a configuration.
type Field = fn(&WorldConfig) -> i128;

/// Where two configurations differ.
fn configs(a: &ReplayReader<'_>, b: &ReplayReader<'_>) -> String {
    let mut text = format!("different worlds: {:016x} | {:016x}\n", a.fingerprint(), b.fingerprint());
    let fields: [(&str, Field); 8] = [
        ("seed", |config| config.seed.into()),
        ("tick_hz", |config| config.tick_hz.into()),
        ("half_extent (Q16.16 m)", |config| config.half_extent.0.into()),
        ("terrain_spacing (Q16.16 m)", |config| config.terrain_spacing.0.into()),
        ("teams", |config| config.teams.into()),
        ("character_capacity", |config| config.character_capacity.into()),
        ("projectile_capacity", |config| config.projectile_capacity.into()),
        ("event_capacity", |config| config.event_capacity.into()),
    ];
    let (a, b) = (a.config(), b.config());
    for (name, of) in fields {
        if of(a) != of(b) {
            let _ = writeln!(text, "{name}: {} | {}", of(a), of(b));
        }
    }
    if a.rules != b.rules {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "rules: {} | {}", a.rules.hash(), b.rules.hash());
    }
    text
}
