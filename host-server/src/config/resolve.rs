//! Puts layers of settings on top of each other and checks the outcome.

use std::collections::BTreeMap;
use std::path::PathBuf;

use shieldwall_core::{ConfigError as WorldError, Metres, limits};
use shieldwall_net::secure::{DEVELOPMENT_KEY, SecondLogin};
use shieldwall_net::server::{InterestPreset, InterestTier, OcclusionConfig, ReplicationConfigError};

use super::error::{ConfigError, Origin};
use super::layers::{Field, Layer, RawConfig, RawSecondLogin, RawTier, Source};
use super::{HostConfig, MAX_CLIENTS_LIMIT, RulesetFile, TlsFiles, parse_key, read_key_file, scenario};
use crate::cli::Scenario;
use crate::{rules, terrain};

/// Half sides of a battlefield in metres.
const HALF_EXTENT_M: std::ops::RangeInclusive<i32> = limits::HALF_EXTENT_MIN_M..=limits::HALF_EXTENT_MAX_M;

/// Where each given value came from.
#[derive(Default)]
struct Origins(BTreeMap<&'static str, Origin>);

impl Origins {
    fn of(&self, key: &'static str) -> Origin {
        self.0.get(key).cloned().unwrap_or(Origin::Default)
    }

    fn error(&self, key: &'static str, problem: String) -> ConfigError {
        ConfigError::Value { key, origin: self.of(key), problem }
    }

    /// Takes a field's value, if it has one, and notes where it stands.
    fn take<T: Clone>(&mut self, key: &'static str, field: &Field<T>, source: &Source) -> Option<T> {
        let spanned = field.as_ref()?;
        self.0.insert(key, source.origin(key, spanned.span()));
        Some(spanned.get_ref().clone())
    }

    fn set<T: Clone>(&mut self, target: &mut T, key: &'static str, field: &Field<T>, source: &Source) {
        if let Some(value) = self.take(key, field, source) {
            *target = value;
        }
    }
}

/// Values that need more than copying.
#[derive(Default)]
struct Pending {
    half_extent_m: Option<i32>,
    terrain: Option<PathBuf>,
    rules: Option<PathBuf>,
    tiers: Option<Vec<RawTier>>,
    tls_cert: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    occlusion: bool,
    eyes_above_m: u8,
}

/// The scenario says what stands in the world where no layer does, and where characters come into it.
pub(super) fn resolve(stack: &[Layer], scenario: Option<Scenario>) -> Result<HostConfig, ConfigError> {
    let mut config = HostConfig { scenario, ..HostConfig::default() };
    if let Some(scenario) = scenario {
        scenario::set_size(scenario, &mut config.world);
    }
    let mut origins = Origins::default();
    let mut pending = Pending::default();
    // What a preset says is overruled by single values, wherever they stand.
    for layer in stack {
        apply_preset(&mut config, &mut origins, layer)?;
    }
    for layer in stack {
        apply_server(&mut config, &mut origins, layer)?;
        apply_rest(&mut config, &mut origins, &mut pending, &layer.raw, &layer.source);
        apply_websocket(&mut config, &mut origins, &mut pending, layer);
    }
    finish_world(&mut config, &origins, pending.half_extent_m)?;
    if let Some(path) = pending.terrain.as_deref().or(scenario.map(scenario::scenery)) {
        let scenery = terrain::scenery(Some(path));
        config.scenery = scenery.map_err(|error| origins.error("world.terrain", error.to_string()))?;
    }
    if let Some(path) = pending.rules {
        let ruleset = rules::read(&path);
        let ruleset =
            ruleset.map_err(|error| ConfigError::Rules { origin: origins.of("world.rules"), error })?;
        config.world.rules = ruleset.rules;
        config.ruleset = RulesetFile { path: Some(path), warnings: ruleset.warnings };
    }
    config.websocket.tls = tls_files(&config, &origins, pending.tls_cert, pending.tls_key)?;
    if let Some(scenario) = scenario {
        scenario::set_spawns(scenario, &mut config.world);
    }
    if let Some(tiers) = pending.tiers {
        config.replication.tiers = checked_tiers(&tiers, &origins)?;
    }
    if pending.occlusion {
        let eyes_above = Metres::from_m(pending.eyes_above_m.into());
        config.replication.occlusion = Some(OcclusionConfig { eyes_above, ..OcclusionConfig::default() });
    }
    fit_rates(&mut config, &origins);
    make_room(&mut config, &origins)?;
    check(&config, &origins)?;
    Ok(config)
}

fn apply_preset(config: &mut HostConfig, origins: &mut Origins, layer: &Layer) -> Result<(), ConfigError> {
    const KEY: &str = "replication.preset";
    let Some(name) = origins.take(KEY, &layer.raw.replication.preset, &layer.source) else { return Ok(()) };
    let preset = InterestPreset::named(&name).ok_or_else(|| {
        let names = InterestPreset::ALL.map(InterestPreset::name).join(", ");
        origins.error(KEY, format!("there is no preset `{name}`; there are {names}"))
    })?;
    config.replication = preset.config();
    Ok(())
}

fn apply_server(config: &mut HostConfig, origins: &mut Origins, layer: &Layer) -> Result<(), ConfigError> {
    let (raw, source, server) = (&layer.raw.server, &layer.source, &mut config.server);
    origins.set(&mut server.bind, "server.bind", &raw.bind, source);
    origins.set(&mut server.udp_port, "server.udp_port", &raw.udp_port, source);
    origins.set(&mut server.max_clients, "server.max_clients", &raw.max_clients, source);
    origins.set(&mut server.protocol_id, "server.protocol_id", &raw.protocol_id, source);
    origins.set(&mut server.public_addresses, "server.public_addresses", &raw.public_addresses, source);
    let lifetime = &raw.max_token_lifetime_s;
    origins.set(&mut server.max_token_lifetime_s, "server.max_token_lifetime_s", lifetime, source);
    origins.set(&mut server.threads, "server.threads", &raw.threads, source);
    origins.set(&mut server.realtime, "server.realtime", &raw.realtime, source);
    let required = &raw.require_forward_secrecy;
    origins.set(&mut server.require_forward_secrecy, "server.require_forward_secrecy", required, source);
    let grace = &raw.reconnect_grace_s;
    origins.set(&mut config.replication.reconnect_grace_s, "server.reconnect_grace_s", grace, source);
    if let Some(policy) = origins.take("server.second_login", &raw.second_login, source) {
        server.second_login = match policy {
            RawSecondLogin::Refuse => SecondLogin::Refuse,
            RawSecondLogin::Replace => SecondLogin::Replace,
        };
    }
    if let Some(text) = origins.take("server.private_key", &raw.private_key, source) {
        server.private_key = parse_key(&text)
            .ok_or_else(|| origins.error("server.private_key", "a key is 64 hex digits".to_owned()))?;
    }
    if let Some(path) = origins.take("server.private_key_file", &raw.private_key_file, source) {
        server.private_key = read_key_file(&path)?;
    }
    Ok(())
}

fn apply_websocket(config: &mut HostConfig, origins: &mut Origins, pending: &mut Pending, layer: &Layer) {
    let (raw, source, websocket) = (&layer.raw.websocket, &layer.source, &mut config.websocket);
    if let Some(bind) = origins.take("websocket.bind", &raw.bind, source) {
        websocket.bind = Some(bind);
    }
    if let Some(path) = origins.take("websocket.tls_cert", &raw.tls_cert, source) {
        pending.tls_cert = Some(path);
    }
    if let Some(path) = origins.take("websocket.tls_key", &raw.tls_key, source) {
        pending.tls_key = Some(path);
    }
    if let Some(most) = origins.take("websocket.max_connections", &raw.max_connections, source) {
        websocket.max_connections = Some(most);
    }
    origins.set(&mut websocket.max_per_address, "websocket.max_per_address", &raw.max_per_address, source);
}

/// Both files of TLS, or none; and only where there is something to put TLS around.
fn tls_files(
    config: &HostConfig,
    origins: &Origins,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
) -> Result<Option<TlsFiles>, ConfigError> {
    let given = if certificate.is_some() { "websocket.tls_cert" } else { "websocket.tls_key" };
    match (certificate, key) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) if config.websocket.bind.is_none() => {
            Err(origins
                .error(given, "there is no WebSocket to protect: websocket.bind (--websocket)".to_owned()))
        }
        (Some(certificate), Some(key)) => Ok(Some(TlsFiles { certificate, key })),
        _ => Err(origins.error(given, "TLS needs both, tls_cert and tls_key".to_owned())),
    }
}

fn apply_rest(
    config: &mut HostConfig,
    origins: &mut Origins,
    pending: &mut Pending,
    raw: &RawConfig,
    source: &Source,
) {
    origins.set(&mut config.http.enabled, "http.enabled", &raw.http.enabled, source);
    origins.set(&mut config.http.bind, "http.bind", &raw.http.bind, source);
    origins.set(&mut config.http.port, "http.port", &raw.http.port, source);

    let world = &mut config.world;
    origins.set(&mut world.seed, "world.seed", &raw.world.seed, source);
    origins.set(&mut world.tick_hz, "world.tick_hz", &raw.world.tick_hz, source);
    origins.set(&mut world.teams, "world.teams", &raw.world.teams, source);
    let capacity = &raw.world.character_capacity;
    origins.set(&mut world.character_capacity, "world.character_capacity", capacity, source);
    let capacity = &raw.world.projectile_capacity;
    origins.set(&mut world.projectile_capacity, "world.projectile_capacity", capacity, source);
    if let Some(metres) = origins.take("world.half_extent_m", &raw.world.half_extent_m, source) {
        pending.half_extent_m = Some(metres);
    }
    if let Some(path) = origins.take("world.terrain", &raw.world.terrain, source) {
        pending.terrain = Some(path);
    }
    if let Some(path) = origins.take("world.rules", &raw.world.rules, source) {
        pending.rules = Some(path);
    }

    let replication = &mut config.replication;
    let rate = &raw.replication.snapshot_hz;
    origins.set(&mut replication.snapshot_hz, "replication.snapshot_hz", rate, source);
    let budget = &raw.replication.down_budget_bytes_per_s;
    let key = "replication.down_budget_bytes_per_s";
    origins.set(&mut replication.down_budget_bytes_per_s, key, budget, source);
    if let Some(tiers) = origins.take("replication.tiers", &raw.replication.tiers, source) {
        pending.tiers = Some(tiers);
    }
    let check = &raw.replication.state_check_ms;
    origins.set(&mut replication.state_check_ms, "replication.state_check_ms", check, source);
    origins.set(&mut pending.occlusion, "replication.occlusion", &raw.replication.occlusion, source);
    origins.set(&mut pending.eyes_above_m, "replication.eyes_above_m", &raw.replication.eyes_above_m, source);

    origins.set(&mut config.bots.count, "bots.count", &raw.bots.count, source);
    origins.set(&mut config.bots.threads, "bots.threads", &raw.bots.threads, source);
    origins.set(&mut config.log.format, "log.format", &raw.log.format, source);
    if let Some(level) = origins.take("log.level", &raw.log.level, source) {
        config.log.level = Some(level);
    }
}

fn finish_world(
    config: &mut HostConfig,
    origins: &Origins,
    half_extent_m: Option<i32>,
) -> Result<(), ConfigError> {
    if let Some(metres) = half_extent_m {
        if !HALF_EXTENT_M.contains(&metres) {
            let (least, most) = (HALF_EXTENT_M.start(), HALF_EXTENT_M.end());
            return Err(origins.error("world.half_extent_m", format!("{metres} is not in {least} to {most}")));
        }
        config.world.half_extent = Metres::from_m(metres);
    }
    Ok(())
}

fn checked_tiers(tiers: &[RawTier], origins: &Origins) -> Result<Vec<InterestTier>, ConfigError> {
    const KEY: &str = "replication.tiers";
    if tiers.is_empty() || tiers.len() > 8 {
        return Err(origins.error(KEY, format!("{} tiers; 1 to 8 can be used", tiers.len())));
    }
    if !tiers.is_sorted_by(|near, far| near.radius_m < far.radius_m && near.rate_hz >= far.rate_hz) {
        let problem = "tiers go from near and often to far and seldom: radius_m must grow, rate_hz must not";
        return Err(origins.error(KEY, problem.to_owned()));
    }
    if tiers.iter().any(|tier| tier.rate_hz == 0) {
        return Err(origins.error(KEY, "rate_hz of 0 would never send anything".to_owned()));
    }
    let tier = |raw: &RawTier| InterestTier {
        radius: Metres::from_m(i32::from(raw.radius_m)),
        rate_hz: raw.rate_hz,
    };
    Ok(tiers.iter().map(tier).collect())
}

/// Rates nobody set follow those somebody set: nothing is sent more often than the world ticks, and no tier more
/// often than snapshots. Who names a preset sets its snapshot rate: a world that ticks more slowly refuses it.
fn fit_rates(config: &mut HostConfig, origins: &Origins) {
    let replication = &mut config.replication;
    if origins.of(snapshot_key(origins)) == Origin::Default {
        replication.snapshot_hz = replication.snapshot_hz.min(config.world.tick_hz);
    }
    // Surroundings are searched at most as often as they are sent.
    replication.interest_hz = replication.interest_hz.min(replication.snapshot_hz);
    if origins.of("replication.tiers") == Origin::Default {
        for tier in &mut replication.tiers {
            tier.rate_hz = tier.rate_hz.min(replication.snapshot_hz);
        }
    }
}

/// The setting that the snapshot rate comes from.
fn snapshot_key(origins: &Origins) -> &'static str {
    let given = |key: &&'static str| origins.of(key) != Origin::Default;
    ["replication.snapshot_hz", "replication.preset"]
        .into_iter()
        .find(given)
        .unwrap_or("replication.snapshot_hz")
}

/// Limits nobody set grow with the number of bots asked for; limits somebody set are held against it.
fn make_room(config: &mut HostConfig, origins: &Origins) -> Result<(), ConfigError> {
    if origins.of("server.max_clients") == Origin::Default {
        config.server.max_clients =
            config.server.max_clients.max(config.bots.count.saturating_add(64)).min(MAX_CLIENTS_LIMIT);
    }
    let clients = config.server.max_clients;
    // A tick can answer a spawn and a despawn of everybody.
    config.world.event_capacity = config.world.event_capacity.max(clients.saturating_mul(2));
    if origins.of("world.character_capacity") == Origin::Default {
        config.world.character_capacity = config.world.character_capacity.max(clients);
    } else if config.world.character_capacity < clients {
        let capacity = config.world.character_capacity;
        let problem =
            format!("{capacity} is less than server.max_clients = {clients}; each needs a character");
        return Err(origins.error("world.character_capacity", problem));
    }
    Ok(())
}

fn check(config: &HostConfig, origins: &Origins) -> Result<(), ConfigError> {
    let range = |key, value: u64, least: u64, most: u64| {
        if (least..=most).contains(&value) {
            return Ok(());
        }
        Err(origins.error(key, format!("{value} is not in {least} to {most}")))
    };
    let tick_hz = u64::from(config.world.tick_hz);
    range("server.max_clients", u64::from(config.server.max_clients), 1, u64::from(MAX_CLIENTS_LIMIT))?;
    let lifetime = u64::from(config.server.max_token_lifetime_s);
    range("server.max_token_lifetime_s", lifetime, 0, 86_400)?;
    range("server.threads", u64::from(config.server.threads), 0, 256)?;
    range("server.reconnect_grace_s", config.replication.reconnect_grace_s.into(), 0, 3_600)?;
    range("websocket.max_connections", config.websocket.max_connections.unwrap_or(1).into(), 1, 65_536)?;
    range("websocket.max_per_address", config.websocket.max_per_address.into(), 1, 65_536)?;
    range("world.tick_hz", tick_hz, 10, 120)?;
    range("world.teams", u64::from(config.world.teams), 1, 8)?;
    let most = shieldwall_net::wire::CHARACTERS_MAX;
    range("world.projectile_capacity", config.world.projectile_capacity.into(), 0, most.into())?;
    range("world.character_capacity", config.world.character_capacity.into(), 1, most.into())?;
    range(snapshot_key(origins), u64::from(config.replication.snapshot_hz), 1, tick_hz)?;
    let budget = u64::from(config.replication.down_budget_bytes_per_s);
    let least = config.replication.least_budget(config.world.tick_hz);
    range("replication.down_budget_bytes_per_s", budget, least.into(), 1_000_000.max(least.into()))?;
    range("bots.count", u64::from(config.bots.count), 0, u64::from(MAX_CLIENTS_LIMIT))?;
    range("bots.threads", u64::from(config.bots.threads), 0, 64)?;
    // What is left of the kernel's and the replication's rules: relations between settings.
    config.world.validate().map_err(|error| origins.error(world_key(&error, origins), error.to_string()))?;
    config
        .replication
        .validate(&config.world)
        .map_err(|error| origins.error(replication_key(&error), error.to_string()))?;
    check_reach(config, origins)
}

/// The setting to look at for what the kernel refuses. Its rules, and what else cannot be set, hold by themselves.
fn world_key(error: &WorldError, origins: &Origins) -> &'static str {
    let given = |keys: [&'static str; 2]| {
        keys.into_iter().find(|key| origins.of(key) != Origin::Default).unwrap_or("world")
    };
    match error {
        WorldError::Terrain(_) => "world.half_extent_m",
        WorldError::Scenery(_) => "world",
        WorldError::ProjectileTooFast(_) => given(["world.rules", "world.tick_hz"]),
        WorldError::OutOfRange { .. } | WorldError::Rules(_) => {
            given(["world.half_extent_m", "world.tick_hz"])
        }
    }
}

fn replication_key(error: &ReplicationConfigError) -> &'static str {
    use ReplicationConfigError as E;
    match error {
        E::SnapshotRate(_) | E::InterestRate(_) => "replication.snapshot_hz",
        E::TierCount(_) | E::Tier(_) | E::TierRate { .. } => "replication.tiers",
        E::Occlusion => "replication.eyes_above_m",
        E::StateCheck(_) => "replication.state_check_ms",
        E::Budget { .. } => "replication.down_budget_bytes_per_s",
        E::MaxClients(_) | E::EventCapacity { .. } => "server.max_clients",
        E::CharacterCapacity(_) => "world.character_capacity",
        E::Distance => "replication",
    }
}

/// Whether those who are to reach the server can, and nobody else.
fn check_reach(config: &HostConfig, origins: &Origins) -> Result<(), ConfigError> {
    let server = &config.server;
    if !server.bind.is_loopback() && server.private_key == DEVELOPMENT_KEY {
        return Err(ConfigError::DevelopmentKey { bind: server.bind, origin: origins.of("server.bind") });
    }
    let websocket = config.websocket.bind.map(|bind| bind.ip()).filter(|bind| !bind.is_loopback());
    if let Some(bind) = websocket.filter(|_| server.private_key == DEVELOPMENT_KEY) {
        return Err(ConfigError::DevelopmentKey { bind, origin: origins.of("websocket.bind") });
    }
    if server.public_addresses.len() > 32 {
        let problem = "a connect token names at most 32 addresses".to_owned();
        return Err(origins.error("server.public_addresses", problem));
    }
    if server.bind.is_unspecified() && server.public_addresses.is_empty() {
        let problem = format!(
            "{} is every address of this machine, and connect tokens name the one that clients use; give it with \
             --public-address IP:PORT or server.public_addresses, as clients reach it",
            server.bind
        );
        return Err(origins.error("server.bind", problem));
    }
    Ok(())
}
