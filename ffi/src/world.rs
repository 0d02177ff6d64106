//! Worlds: create, command, step, look, save, restore, hash.
#![allow(unsafe_code)] // for the attribute `no_mangle` and for the names of exported functions; pointers: boundary.rs

use shieldwall_core::spatial::Scenery;
use shieldwall_core::{CharacterId, Command, LaneChoice, Metres, SavedState, World, WorldConfig};

use crate::boundary::entry;
use crate::command_types::SwCommand;
use crate::handle_table::HandleTable;
use crate::result::{Failure, SwResult};
use crate::structure_views::{SwObjectivesView, SwPropsView, SwStructuresView};
use crate::types::{SW_LANES_AUTO, SW_LANES_AVX2, SW_LANES_AVX512, SW_LANES_PORTABLE, SW_LANES_SCALAR};
use crate::types::{SwEvent, SwStepReport, SwWorldConfig};
use crate::views::{SwCharactersView, SwEffectsView, SwEventsView, SwProjectilesView};

/// A world. Zero is none.
pub type SwWorld = u64;

struct Simulation {
    world: World,
    /// The last step's events, as C reads them.
    events: Vec<SwEvent>,
    commands: Vec<Command>,
    image: Vec<u8>,
    /// States kept in memory, by place; grows up to [`SW_SAVED_STATES_MAX`].
    saved: Vec<SavedState>,
}

/// Places for kept states that a world has.
pub const SW_SAVED_STATES_MAX: u32 = 256;

static WORLDS: HandleTable<Simulation> = HandleTable::new(1);

impl From<&WorldConfig> for SwWorldConfig {
    fn from(config: &WorldConfig) -> SwWorldConfig {
        SwWorldConfig {
            struct_size: size_of::<SwWorldConfig>() as u32,
            tick_hz: config.tick_hz,
            teams: config.teams,
            lanes: match config.lanes {
                LaneChoice::Auto => SW_LANES_AUTO,
                LaneChoice::Scalar => SW_LANES_SCALAR,
                LaneChoice::Portable => SW_LANES_PORTABLE,
                LaneChoice::Avx2 => SW_LANES_AVX2,
                LaneChoice::Avx512 => SW_LANES_AVX512,
            },
            seed: config.seed,
            half_extent: config.half_extent.0,
            terrain_spacing: config.terrain_spacing.0,
            character_capacity: config.character_capacity,
            projectile_capacity: config.projectile_capacity,
            event_capacity: config.event_capacity,
            parallel_min_rows: config.parallel_min_rows,
            reserved: 0,
        }
    }
}

fn to_config(config: &SwWorldConfig) -> Result<WorldConfig, Failure> {
    let lanes = match config.lanes {
        SW_LANES_AUTO => LaneChoice::Auto,
        SW_LANES_SCALAR => LaneChoice::Scalar,
        SW_LANES_PORTABLE => LaneChoice::Portable,
        SW_LANES_AVX2 => LaneChoice::Avx2,
        SW_LANES_AVX512 => LaneChoice::Avx512,
        other => return Err(Failure::new(SwResult::BadConfig, format!("lanes {other} are unknown"))),
    };
    if config.reserved != 0 {
        return Err(Failure::new(SwResult::BadConfig, "`reserved` is not zero"));
    }
    Ok(WorldConfig {
        seed: config.seed,
        tick_hz: config.tick_hz,
        half_extent: Metres(config.half_extent),
        terrain_spacing: Metres(config.terrain_spacing),
        teams: config.teams,
        character_capacity: config.character_capacity,
        projectile_capacity: config.projectile_capacity,
        event_capacity: config.event_capacity,
        lanes,
        parallel_min_rows: config.parallel_min_rows,
        ..WorldConfig::default()
    })
}

fn create(config: &WorldConfig, scenery: &Scenery) -> Result<SwWorld, Failure> {
    let world = World::with_scenery(config, scenery)
        .map_err(|error| Failure::new(SwResult::BadConfig, error.to_string()))?;
    let events = Vec::with_capacity(config.event_capacity as usize);
    WORLDS.insert(Simulation { world, events, commands: Vec::new(), image: Vec::new(), saved: Vec::new() })
}

/// A configuration from all of the bytes.
fn decode(bytes: &[u8]) -> Result<WorldConfig, Failure> {
    let (config, rest) =
        WorldConfig::decode(bytes).map_err(|error| Failure::new(SwResult::BadConfig, error.to_string()))?;
    if !rest.is_empty() {
        return Err(Failure::new(SwResult::BadConfig, format!("{} bytes too many", rest.len())));
    }
    Ok(config)
}

/// The configuration of the demo battle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_world_config_default(config: *mut SwWorldConfig) -> SwResult {
    entry!(caller => { caller.write(config, &SwWorldConfig::from(&WorldConfig::default()), "config") })
}

/// Makes a world; tick 0 is the next to run. `SW_RESULT_BAD_CONFIG` when a field breaks a rule.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_world_create(config: *const SwWorldConfig, world: *mut SwWorld) -> SwResult {
    entry!(caller => {
        caller.check_place(world, "world")?;
        let config = to_config(&caller.read(config, "config")?)?;
        caller.put(world, create(&config, &Scenery::default())?, "world")
    })
}

/// Makes a world from the bytes of a configuration, as `sw_world_encode_config`, a server's welcome and a replay have
/// them: rules included.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_world_create_encoded(
    config: *const u8,
    config_len: usize,
    world: *mut SwWorld,
) -> SwResult {
    entry!(caller => {
        caller.check_place(world, "world")?;
        let config = decode(caller.bytes(config, config_len, "config")?)?;
        caller.put(world, create(&config, &Scenery::default())?, "world")
    })
}

/// Makes a world from the bytes of a configuration, and those of a scenery file: walls and gates, capture points, the
/// terrain. `SW_RESULT_BAD_CONFIG` when either breaks a rule.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_world_create_with_scenery(
    config: *const u8,
    config_len: usize,
    scenery: *const u8,
    scenery_len: usize,
    world: *mut SwWorld,
) -> SwResult {
    entry!(caller => {
        caller.check_place(world, "world")?;
        let config = decode(caller.bytes(config, config_len, "config")?)?;
        let scenery = Scenery::decode(caller.bytes(scenery, scenery_len, "scenery")?)
            .map_err(|error| Failure::new(SwResult::BadConfig, error.to_string()))?;
        caller.put(world, create(&config, &scenery)?, "world")
    })
}

/// Writes the bytes of a world's configuration; `written` is their number, also when the buffer is too short.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_world_encode_config(
    world: SwWorld,
    buffer: *mut u8,
    capacity: usize,
    written: *mut usize,
) -> SwResult {
    entry!(caller => {
        WORLDS.with(world, |simulation| {
            caller.fill(buffer, capacity, written, &simulation.world.config().encode(), "buffer")
        })
    })
}

/// Goes on by other rules from the next tick on: those in the bytes of a configuration that is the world's in everything else.
/// `SW_RESULT_BAD_CONFIG` when it is not, when it breaks a rule, or when its rules are not such that a running world adopts
/// them (docs/RULES.md); `sw_last_error` says what, and nothing has changed. Views of the world end here. Snapshots and states
/// that were kept before are of the world by its rules before, and are refused.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_world_adopt_rules(
    world: SwWorld,
    config: *const u8,
    config_len: usize,
) -> SwResult {
    entry!(caller => {
        let config = decode(caller.bytes(config, config_len, "config")?)?;
        WORLDS.with(world, |simulation| {
            let own = simulation.world.config();
            if config.encode() != (WorldConfig { rules: config.rules, ..*own }).encode() {
                let message = "config differs from the world's in more than the rules";
                return Err(Failure::new(SwResult::BadConfig, message));
            }
            simulation
                .world
                .adopt_rules(&config.rules)
                .map_err(|error| Failure::new(SwResult::BadConfig, error.to_string()))
        })
    })
}

/// Destroys a world; its views die with it. A null handle is accepted and does nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_world_destroy(world: SwWorld) -> SwResult {
    entry!(_caller => { if world == 0 { Ok(()) } else { WORLDS.remove(world) } })
}

/// Runs one tick with `count` commands, in their order. `command_size` is sizeof(SwCommand); `report` may be null.
///
/// All commands are checked before any is executed. A command for a character that does not exist is no error: the
/// report counts it. Views of the world end here. Allocates nothing after the first steps.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_world_step(
    world: SwWorld,
    commands: *const SwCommand,
    count: usize,
    command_size: usize,
    report: *mut SwStepReport,
) -> SwResult {
    entry!(caller => {
        if !report.is_null() {
            caller.check_out(report, "report")?;
        }
        WORLDS.with(world, |simulation| {
            simulation.commands.clear();
            caller.for_each_element(commands, count, command_size, "commands", |index, command| {
                simulation.commands.push(command.to_command(index)?);
                Ok(())
            })?;
            let step = simulation.world.step(&simulation.commands);
            simulation.events.clear();
            simulation.events.extend(simulation.world.events().iter().map(|event| SwEvent::from(*event)));
            if report.is_null() {
                return Ok(());
            }
            caller.write(report, &SwStepReport::from(step), "report")
        })
    })
}

/// The tick that the next step will run.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_world_tick(world: SwWorld, tick: *mut u32) -> SwResult {
    entry!(caller => { WORLDS.with(world, |simulation| caller.put(tick, simulation.world.tick().0, "tick")) })
}

/// The events of the last step. Valid until the next step, restore or destroy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_world_events(world: SwWorld, view: *mut SwEventsView) -> SwResult {
    entry!(caller => {
        WORLDS.with(world, |simulation| caller.write(view, &SwEventsView::of(&simulation.events), "view"))
    })
}

/// The characters' columns, without a copy. Valid until the next step, restore or destroy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_world_characters(world: SwWorld, view: *mut SwCharactersView) -> SwResult {
    entry!(caller => {
        WORLDS.with(world, |simulation| {
            caller.write(view, &SwCharactersView::of(&simulation.world.characters()), "view")
        })
    })
}

/// The projectiles' columns, without a copy. Valid until the next step, restore or destroy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_world_projectiles(world: SwWorld, view: *mut SwProjectilesView) -> SwResult {
    entry!(caller => {
        WORLDS.with(world, |simulation| {
            caller.write(view, &SwProjectilesView::of(&simulation.world.projectiles()), "view")
        })
    })
}

/// The columns of the status effects at work, without a copy. Valid until the next step, restore or destroy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_world_effects(world: SwWorld, view: *mut SwEffectsView) -> SwResult {
    entry!(caller => {
        WORLDS.with(world, |simulation| {
            caller.write(view, &SwEffectsView::of(&simulation.world.effects()), "view")
        })
    })
}

/// The columns of the sections of structures, without a copy. Valid until the next step, restore or destroy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_world_structures(world: SwWorld, view: *mut SwStructuresView) -> SwResult {
    entry!(caller => {
        WORLDS.with(world, |simulation| {
            caller.write(view, &SwStructuresView::of(&simulation.world.structures()), "view")
        })
    })
}

/// The columns of the props, without a copy. Valid until the next step, restore or destroy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_world_props(world: SwWorld, view: *mut SwPropsView) -> SwResult {
    entry!(caller => {
        WORLDS.with(world, |simulation| {
            caller.write(view, &SwPropsView::of(&simulation.world.props()), "view")
        })
    })
}

/// The columns of the capture points, without a copy. Valid until the next step, restore or destroy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_world_objectives(world: SwWorld, view: *mut SwObjectivesView) -> SwResult {
    entry!(caller => {
        WORLDS.with(world, |simulation| {
            caller.write(view, &SwObjectivesView::of(&simulation.world.objectives()), "view")
        })
    })
}

/// Points that a team has gained by capture points and flags; 0 for teams that there are none of.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_world_team_score(world: SwWorld, team: u8, score: *mut u32) -> SwResult {
    entry!(caller => {
        WORLDS.with(world, |simulation| {
            let points = simulation.world.scores().score.get(usize::from(team)).copied();
            caller.put(score, points.unwrap_or(0), "score")
        })
    })
}

/// The slot of a character in the columns, or `SW_RESULT_NO_SUCH_CHARACTER` when the id names none (any more).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_world_character_slot(world: SwWorld, id: u64, slot: *mut u32) -> SwResult {
    entry!(caller => {
        WORLDS.with(world, |simulation| {
            let id = CharacterId::from_bits(id);
            if !simulation.world.is_current(id) {
                return Err(Failure::new(SwResult::NoSuchCharacter, format!("{id} is not in the world")));
            }
            caller.put(slot, id.slot, "slot")
        })
    })
}

/// Height of the terrain at a place; all Q16.16 metres. Outside the field it is the height of the nearest border.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_world_height_at(world: SwWorld, x: i32, z: i32, height: *mut i32) -> SwResult {
    entry!(caller => {
        WORLDS.with(world, |simulation| {
            caller.put(height, simulation.world.terrain().height_at(Metres(x), Metres(z)).0, "height")
        })
    })
}

/// The number of bytes that `sw_world_snapshot_write` would write now.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_world_snapshot_size(world: SwWorld, size: *mut usize) -> SwResult {
    entry!(caller => {
        WORLDS.with(world, |simulation| {
            simulation.image.clear();
            simulation.world.snapshot_into(&mut simulation.image);
            caller.put(size, simulation.image.len(), "size")
        })
    })
}

/// Writes the whole state: little-endian, the same bytes on every machine. `written` is their number, also when the
/// buffer is too short.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_world_snapshot_write(
    world: SwWorld,
    buffer: *mut u8,
    capacity: usize,
    written: *mut usize,
) -> SwResult {
    entry!(caller => {
        WORLDS.with(world, |simulation| {
            simulation.image.clear();
            simulation.world.snapshot_into(&mut simulation.image);
            caller.fill(buffer, capacity, written, &simulation.image, "buffer")
        })
    })
}

/// Puts the state of a snapshot in place of the world's. The snapshot must be of a world with the same configuration.
/// Refused bytes change nothing. Views of the world end here; there are no events until the next step.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_world_restore(world: SwWorld, image: *const u8, image_len: usize) -> SwResult {
    entry!(caller => {
        let image = caller.bytes(image, image_len, "image")?;
        WORLDS.with(world, |simulation| {
            simulation
                .world
                .restore(image)
                .map_err(|error| Failure::new(SwResult::BadSnapshot, error.to_string()))?;
            simulation.events.clear();
            Ok(())
        })
    })
}

/// Keeps the state in the world's own memory, at a place below `SW_SAVED_STATES_MAX`, instead of what was there: what a
/// rollback goes back to, many times faster than a snapshot. `hash`, which may be null, gets the 16 bytes of
/// `sw_world_hash`. Views stay valid. Takes memory when a place is used for the first time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_world_save(world: SwWorld, place: u32, hash: *mut u8) -> SwResult {
    entry!(caller => {
        check_saved_place(place)?;
        WORLDS.with(world, |simulation| {
            let place = place as usize;
            if simulation.saved.len() <= place {
                simulation.saved.resize_with(place + 1, SavedState::new);
            }
            let state_hash = simulation.world.save(&mut simulation.saved[place]);
            if hash.is_null() {
                return Ok(());
            }
            let mut written = 0;
            caller.fill(hash, 16, &raw mut written, &state_hash.0.to_be_bytes(), "hash")
        })
    })
}

/// Goes back to the state that `sw_world_save` kept at a place of this world; it stays there. `SW_RESULT_BAD_SNAPSHOT`
/// when nothing was. Views of the world end here; there are no events until the next step. Allocates nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_world_load(world: SwWorld, place: u32) -> SwResult {
    entry!(_caller => {
        check_saved_place(place)?;
        WORLDS.with(world, |simulation| {
            let nothing = SavedState::new();
            let saved = simulation.saved.get(place as usize).unwrap_or(&nothing);
            simulation
                .world
                .load(saved)
                .map_err(|error| Failure::new(SwResult::BadSnapshot, error.to_string()))?;
            simulation.events.clear();
            Ok(())
        })
    })
}

fn check_saved_place(place: u32) -> Result<(), Failure> {
    if place < SW_SAVED_STATES_MAX {
        return Ok(());
    }
    let message = format!("place {place}: a world has {SW_SAVED_STATES_MAX} places for kept states");
    Err(Failure::new(SwResult::BadArgument, message))
}

/// The hash of the whole state: 16 bytes, most significant first (`sw_hash_to_hex` writes them in this order).
/// Equal states have equal hashes on every machine and in every language.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_world_hash(world: SwWorld, hash: *mut u8) -> SwResult {
    entry!(caller => {
        WORLDS.with(world, |simulation| {
            let mut written = 0;
            caller.check_place(hash, "hash")?;
            caller.fill(hash, 16, &raw mut written, &simulation.world.state_hash().0.to_be_bytes(), "hash")
        })
    })
}
