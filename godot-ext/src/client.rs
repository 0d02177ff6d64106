//! `ShieldwallClient`: one connection to a host, as a node.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use godot::classes::{ArrayMesh, Engine, INode, Node};
use godot::global::Error;
use godot::prelude::*;
use shieldwall_core::spatial::Scenery;
use shieldwall_core::{Arm, CharacterInput, Metres, Rules, WorldConfig, buttons};
use shieldwall_net::client::{ClientEvent, EntityView, GameClientState, OwnView};
use shieldwall_net::secure::ConnectToken;
use shieldwall_net::wire::events::GameEvent;

use crate::convert::{
    brads_to_radians, bytes_by_kind, input_from, metres_from_f64, metres_to_f32, micros_to_ms,
    pitch_to_radians, position_to_vector, velocity_to_vector,
};
use crate::fighting::effect_name;
use crate::ground_log::GroundLog;
use crate::link::{Link, LinkError};
use crate::objectives::changed_scores;
use crate::terrain_mesh;

/// A connection to a Shieldwall host: prediction of the own character, the others interpolated, figures.
///
/// Add it to a scene, connect the signals, call [method connect_to_server], and each frame tell it what the player
/// wants by [method set_input]. Draw the own character at [method get_own_transform] and the others with a
/// [ShieldwallCrowd3D].
/// [codeblock]
/// @onready var client: ShieldwallClient = $ShieldwallClient
///
/// func _ready() -> void:
///     if client.connect_to_server("127.0.0.1", 7777) != OK: return
///     await client.synced
///     add_child(client.create_terrain())
/// [/codeblock]
#[derive(GodotClass)]
#[class(tool, init, base = Node)]
pub struct ShieldwallClient {
    /// Address of the host: an IP address or "localhost".
    #[export]
    #[init(val = GString::from("127.0.0.1"))]
    host: GString,
    /// UDP port of the host.
    #[export(range = (1.0, 65535.0))]
    #[init(val = 7777)]
    port: i32,
    /// Connect as soon as the node is ready.
    #[export]
    auto_connect: bool,
    /// The name that the host shows, up to 24 bytes.
    #[export]
    #[init(val = GString::from("Godot"))]
    player_name: GString,
    /// What stands in the host's world, which hosts do not send: a scenery file (`.swsc`), a TOML list, or the name of a
    /// built-in one ("fort" is that of `shieldwall demo`). It must be the host's to the byte; empty for an open field.
    #[export]
    pub(crate) scenery_file: GString,
    /// The same from `set_scenery_data`.
    pub(crate) scenery_data: Option<Arc<Scenery>>,
    pub(crate) link: Option<Link>,
    pub(crate) log: GroundLog,
    input: CharacterInput,
    was_playing: bool,
    corrections_seen: u64,
    correction_sum_seen_mm: u64,
    /// Scores that were told last.
    scores_seen: Vec<u32>,
    base: Base<Node>,
}

/// A weapon's or an ability's name in rulesets.
fn named(arm: Arm) -> GString {
    GString::from(arm.name())
}

/// What happened in a frame, to be told after the session is no longer borrowed.
enum News {
    Connected,
    Synced,
    Ended(String),
    Mispredicted { tick: i64, error_m: f64 },
    Game(GameEvent),
    Rules(String),
    Objective(u16),
    Score(i64, i64),
}

#[godot_api]
impl ShieldwallClient {
    /// Value of [method get_state]: no session.
    #[constant]
    const STATE_DISCONNECTED: i64 = 0;
    /// Value of [method get_state]: asking the host.
    #[constant]
    const STATE_CONNECTING: i64 = 1;
    /// Value of [method get_state]: connected, the own character has yet to appear.
    #[constant]
    const STATE_SYNCING: i64 = 2;
    /// Value of [method get_state]: in the battle.
    #[constant]
    const STATE_CONNECTED: i64 = 3;
    /// Button of [method set_input]: run.
    #[constant]
    const BUTTON_SPRINT: i64 = buttons::SPRINT as i64;
    /// Button of [method set_input]: jump.
    #[constant]
    const BUTTON_JUMP: i64 = buttons::JUMP as i64;
    /// Button of [method set_input]: use the first weapon, of most the blade.
    #[constant]
    const BUTTON_MELEE: i64 = buttons::MELEE as i64;
    /// Button of [method set_input]: use the second weapon, of most the bow.
    #[constant]
    const BUTTON_SHOOT: i64 = buttons::SHOOT as i64;
    /// Button of [method set_input]: keep low.
    #[constant]
    const BUTTON_CROUCH: i64 = buttons::CROUCH as i64;
    /// Button of [method set_input]: dodge in the direction of the move.
    #[constant]
    const BUTTON_DODGE: i64 = buttons::DODGE as i64;
    /// Button of [method set_input]: use the first ability.
    #[constant]
    const BUTTON_ABILITY_1: i64 = buttons::ABILITY_1 as i64;
    /// Button of [method set_input]: use the second ability.
    #[constant]
    const BUTTON_ABILITY_2: i64 = buttons::ABILITY_2 as i64;
    /// Button of [method set_input]: hold up the shield.
    #[constant]
    const BUTTON_BLOCK: i64 = buttons::BLOCK as i64;

    /// The secure session stands.
    #[signal]
    fn connected();
    /// The own character is in the battle: everything can be drawn from now on.
    #[signal]
    fn synced();
    /// A session that stood is over.
    #[signal]
    fn disconnected(reason: GString);
    /// No session came about.
    #[signal]
    fn connection_failed(reason: GString);
    /// The server put the own character somewhere else than predicted, by `error` metres. The view is smoothed.
    #[signal]
    fn mispredicted(tick: i64, error: f64);
    /// The server plays by other rules, and so does this client from now on. [param hash] is their version, as
    /// `shieldwall rules check` prints it.
    #[signal]
    fn rules_changed(hash: GString);
    /// The own character hurt somebody, named by slot.
    #[signal]
    fn damage_dealt(target: i64, amount: i64);
    /// Somebody hurt the own character.
    #[signal]
    fn damage_taken(attacker: i64, amount: i64);
    /// A character died; both are slots.
    #[signal]
    fn entity_died(entity: i64, killer: i64);
    /// A character came back to life.
    #[signal]
    fn entity_respawned(entity: i64);
    /// The own character died.
    #[signal]
    fn local_player_died(killer: i64);
    /// Somebody hurt somebody; both are slots. [param weapon] is its name in rulesets: "sword", "rocket".
    #[signal]
    fn entity_hit(attacker: i64, entity: i64, amount: i64, weapon: GString);
    /// Something began to fly, to a direction in radians: an arrow, a grenade.
    #[signal]
    fn projectile_launched(owner: i64, yaw: f64, pitch: f64, weapon: GString);
    /// Something burst at a place in metres: a projectile, or an ability that works around a point.
    #[signal]
    fn burst(owner: i64, position: Vector3, weapon: GString);
    /// An ability gave somebody health back.
    #[signal]
    fn entity_healed(healer: i64, entity: i64, amount: i64, weapon: GString);
    /// A status effect came over somebody who did not have it. [param effect] is its name in rulesets: "poisoned".
    #[signal]
    fn entity_afflicted(source: i64, entity: i64, effect: GString);
    /// The own character helped to kill somebody.
    #[signal]
    fn assisted(victim: i64);
    /// A section of a structure fell: it is in nobody's way any more.
    #[signal]
    pub fn section_fell(section: i64);
    /// A section that had fallen stands again.
    #[signal]
    pub fn section_built(section: i64);
    /// The ground of a chunk changed: a crater, or all of them for who joins late. A [ShieldwallScenery3D] needs no
    /// handler.
    #[signal]
    pub fn ground_changed(chunk: Vector2i);
    /// A place went to another team, is attacked by others than before, or its flag was taken, dropped or is home again:
    /// [method get_objective] says how it stands.
    #[signal]
    fn objective_changed(point: i64);
    /// A team has another score.
    #[signal]
    fn score_changed(team: i64, score: i64);

    /// Begins a session with a host of this machine that runs with the development key (as `shieldwall serve` and the
    /// demo do by default). An empty `host` or a `port` of 0 means the property. Other machines need
    /// [method connect_with_token].
    ///
    /// OK means begun: wait for [signal synced] or [signal connection_failed]. ERR_ALREADY_IN_USE: there is a session.
    /// ERR_INVALID_PARAMETER: no address. ERR_UNAUTHORIZED: not this machine. ERR_CANT_CREATE: no socket. Others: what
    /// is wrong with [member scenery_file].
    #[func]
    fn connect_to_server(
        &mut self,
        #[opt(default = "")] host: GString,
        #[opt(default = 0)] port: i32,
    ) -> Error {
        if self.link.is_some() {
            return Error::ERR_ALREADY_IN_USE;
        }
        let host = if host.is_empty() { self.host.to_string() } else { host.to_string() };
        let port = if port == 0 { self.port } else { port };
        let ip = if host == "localhost" { Ok(IpAddr::V4(Ipv4Addr::LOCALHOST)) } else { host.parse() };
        match (ip, u16::try_from(port)) {
            (Ok(ip), Ok(port)) if port != 0 => {
                let name = self.player_name.to_string();
                let begin = |scenery| Link::for_development(SocketAddr::new(ip, port), &name, scenery);
                self.scenery().map_or_else(|error| error, |scenery| self.begin(begin(scenery)))
            }
            _ => Error::ERR_INVALID_PARAMETER,
        }
    }

    /// Begins a session with a connect token of 2048 bytes, which the game's backend made. Answers as
    /// [method connect_to_server]; ERR_INVALID_DATA when the bytes are no token.
    #[func]
    fn connect_with_token(&mut self, token: PackedByteArray) -> Error {
        if self.link.is_some() {
            return Error::ERR_ALREADY_IN_USE;
        }
        match ConnectToken::read(token.as_slice()) {
            Ok(token) => match self.scenery() {
                Ok(scenery) => self.begin(Link::with_token(token, scenery)),
                Err(error) => error,
            },
            Err(_) => Error::ERR_INVALID_DATA,
        }
    }

    /// Leaves; the host is told. Emits [signal disconnected] if there was a session.
    #[func]
    fn disconnect_from_server(&mut self) {
        if let Some(mut link) = self.link.take() {
            link.client.disconnect();
            let now = link.now();
            link.send(now);
            self.end("left".to_owned());
        }
    }

    /// One of the STATE constants.
    #[func]
    fn get_state(&self) -> i64 {
        match self.link.as_ref().map(|link| link.client.state()) {
            None | Some(GameClientState::Ended(_)) => Self::STATE_DISCONNECTED,
            Some(GameClientState::Connecting) => Self::STATE_CONNECTING,
            Some(GameClientState::WaitingForWelcome | GameClientState::WaitingForCharacter) => {
                Self::STATE_SYNCING
            }
            Some(GameClientState::Playing) => Self::STATE_CONNECTED,
        }
    }

    /// What the player wants from now on: movement (x right, y forward, length up to 1), direction in radians (as
    /// rotation.y of a node; pitch up is positive), and BUTTON bits.
    #[func]
    fn set_input(&mut self, movement: Vector2, yaw: f64, pitch: f64, buttons: i64) {
        self.input = input_from(movement, yaw, pitch, buttons);
    }

    /// Slot of the own character, -1 outside the battle.
    #[func]
    fn get_own_slot(&self) -> i64 {
        self.own().map_or(-1, |own| i64::from(own.id.slot))
    }

    /// Where to draw the own character: predicted, between ticks, corrections smoothed. Identity outside the battle.
    #[func]
    fn get_own_transform(&self) -> Transform3D {
        self.own().map_or(Transform3D::IDENTITY, |own| {
            let turn = Basis::from_axis_angle(Vector3::UP, brads_to_radians(own.yaw));
            Transform3D::new(turn, position_to_vector(own.position))
        })
    }

    /// Velocity of the own character, metres per second.
    #[func]
    fn get_own_velocity(&self) -> Vector3 {
        self.own().map_or(Vector3::ZERO, |own| velocity_to_vector(own.velocity))
    }

    /// Health of the own character, 0 to 1.
    #[func]
    fn get_own_health(&self) -> f64 {
        let full = self.rules().map_or(1, |rules| rules.life.health_max.max(1));
        self.own().map_or(0.0, |own| f64::from(own.health) / f64::from(full))
    }

    /// Team of the own character, -1 outside the battle.
    #[func]
    fn get_own_team(&self) -> i64 {
        self.own().map_or(-1, |own| i64::from(own.team))
    }

    /// Whether the own character lives.
    #[func]
    fn is_own_alive(&self) -> bool {
        self.own().is_some_and(|own| own.alive)
    }

    /// Positions of all others in sight, in metres, as drawn now. For scripts; a [ShieldwallCrowd3D] needs no call.
    #[func]
    fn get_crowd_positions(&mut self) -> PackedVector3Array {
        let mut crowd = Vec::new();
        self.sample(&mut crowd);
        crowd.iter().map(|entity| position_to_vector(entity.position)).collect()
    }

    /// Where the props lie, in metres: the feet of all, in the order of [method get_prop_states].
    #[func]
    fn get_prop_positions(&self) -> PackedVector3Array {
        let props = self.link.as_ref().and_then(|link| link.client.props());
        props
            .into_iter()
            .flat_map(|props| props.iter())
            .map(|(_, prop)| position_to_vector(prop.position))
            .collect()
    }

    /// Four numbers for each prop: slot, kind (its number in rulesets), yaw (65536 = a full turn), 1 where it moves.
    #[func]
    fn get_prop_states(&self) -> PackedInt32Array {
        let props = self.link.as_ref().and_then(|link| link.client.props());
        let state = |(slot, prop): (u16, &shieldwall_core::KnownProp)| {
            let moves = i32::from(prop.velocity.is_some());
            [slot.into(), prop.kind.into(), prop.yaw.0.into(), moves]
        };
        props.into_iter().flat_map(|props| props.iter()).flat_map(state).collect()
    }

    /// Half the side of the square field in metres; 0 before the host said which world this is.
    #[func]
    fn get_half_extent(&self) -> f64 {
        let world = self.link.as_ref().and_then(|link| link.client.world());
        world.map_or(0.0, |world| f64::from(metres_to_f32(world.config().half_extent)))
    }

    /// Height of the terrain at a place, metres; 0 before the host said which world this is.
    #[func]
    fn get_terrain_height(&self, x: f64, z: f64) -> f64 {
        let world = self.link.as_ref().and_then(|link| link.client.world());
        world.map_or(0.0, |world| {
            let height: Metres = world.terrain().height_at(metres_from_f64(x), metres_from_f64(z));
            f64::from(metres_to_f32(height))
        })
    }

    /// The host's terrain as a mesh with normals and texture coordinates in metres; null before the host said which
    /// world this is.
    #[func]
    fn create_terrain_mesh(&self) -> Option<Gd<ArrayMesh>> {
        let world = self.link.as_ref()?.client.world()?;
        Some(terrain_mesh::build(world.terrain()))
    }

    /// What is missing or wrong; the editor shows it at the node.
    #[func]
    fn list_warnings(&self) -> PackedStringArray {
        let mut warnings = PackedStringArray::new();
        let host = self.host.to_string();
        if host != "localhost" && host.parse::<IpAddr>().is_err() {
            warnings.push("Host is neither an IP address nor \"localhost\".");
        } else if self.auto_connect
            && host != "localhost"
            && !host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
        {
            warnings.push(
                "Auto Connect reaches this machine only. Other hosts need connect_with_token() and a token from the \
                 game's backend.",
            );
        }
        warnings
    }

    /// Figures of the session in plain words and units; empty without one.
    #[func]
    fn get_stats(&self) -> VarDictionary {
        let Some(link) = &self.link else { return VarDictionary::new() };
        let stats = link.client.stats();
        vdict! {
            "round_trip_ms" => micros_to_ms(stats.rtt_us),
            "jitter_ms" => micros_to_ms(stats.jitter_us),
            "loss_percent_up" => f64::from(stats.loss_up_ppm) / 10_000.0,
            "loss_percent_down" => f64::from(stats.loss_down_ppm) / 10_000.0,
            "lead_ms" => micros_to_ms(stats.lead_us),
            "interpolation_delay_ms" => micros_to_ms(stats.interpolation_delay_us),
            "snapshot_age_ms" => micros_to_ms(stats.snapshot_age_us),
            "snapshots" => stats.snapshots as i64,
            "inputs_missed" => stats.input_misses,
            "corrections" => stats.corrections as i64,
            "correction_max_mm" => stats.correction_max_mm,
            "entities_visible" => stats.entities_visible,
            "bytes_sent" => stats.bytes_sent as i64,
            "bytes_received" => stats.bytes_received as i64,
            "bytes_by_kind" => &bytes_by_kind(&stats.bytes_by_kind),
            "datagrams_refused" => stats.refused_datagrams as i64,
        }
    }

    fn begin(&mut self, link: Result<Link, LinkError>) -> Error {
        match link {
            Ok(link) => {
                self.link = Some(link);
                self.log.begin();
                self.was_playing = false;
                self.corrections_seen = 0;
                self.correction_sum_seen_mm = 0;
                self.scores_seen.clear();
                Error::OK
            }
            Err(LinkError::NeedsToken) => Error::ERR_UNAUTHORIZED,
            Err(LinkError::Token(error)) => {
                godot_error!("Shieldwall: {error}");
                Error::ERR_INVALID_DATA
            }
            Err(LinkError::Socket(error)) => {
                godot_error!("Shieldwall: no UDP socket: {error}");
                Error::ERR_CANT_CREATE
            }
        }
    }

    pub(crate) fn own(&self) -> Option<OwnView> {
        self.link.as_ref()?.client.own()
    }

    /// The host's configuration, once it said which world this is.
    pub(crate) fn config(&self) -> Option<&WorldConfig> {
        Some(self.link.as_ref()?.client.world()?.config())
    }

    pub(crate) fn rules(&self) -> Option<&Rules> {
        self.config().map(|config| &config.rules)
    }

    fn gather_news(&mut self, news: &mut Vec<News>) {
        let Some(link) = &mut self.link else { return };
        let report = link.frame(self.input);
        let stats = link.client.stats();
        if stats.corrections > self.corrections_seen {
            let error_m = (stats.correction_sum_mm - self.correction_sum_seen_mm) as f64 / 1000.0;
            let tick = report.newest.map_or(0, |tick| i64::from(tick.0));
            news.push(News::Mispredicted { tick, error_m });
            self.corrections_seen = stats.corrections;
            self.correction_sum_seen_mm = stats.correction_sum_mm;
        }
        while let Some(event) = link.client.next_event() {
            match event {
                ClientEvent::Connected { .. } => news.push(News::Connected),
                ClientEvent::Playing { .. } => news.push(News::Synced),
                ClientEvent::Ended(reason) => news.push(News::Ended(reason.to_string())),
                ClientEvent::Game { event, .. } => news.push(News::Game(event)),
                ClientEvent::RulesChanged { rules, .. } => news.push(News::Rules(rules.to_string())),
                ClientEvent::Objective { point, .. } => news.push(News::Objective(point)),
                // Scores grow without a word too: they are compared.
                ClientEvent::Welcomed { .. } | ClientEvent::Score { .. } => {}
            }
        }
        let scores = changed_scores(&link.client, &mut self.scores_seen);
        news.extend(scores.into_iter().map(|(team, score)| News::Score(team, score)));
    }

    fn tell(&mut self, news: News) {
        match news {
            News::Connected => self.signals().connected().emit(),
            News::Synced => {
                self.was_playing = true;
                self.signals().synced().emit();
            }
            News::Ended(reason) => {
                self.link = None;
                self.end(reason);
            }
            News::Mispredicted { tick, error_m } => self.signals().mispredicted().emit(tick, error_m),
            News::Objective(point) => self.signals().objective_changed().emit(i64::from(point)),
            News::Score(team, score) => self.signals().score_changed().emit(team, score),
            News::Game(event) => self.tell_event(event),
            News::Rules(hash) => self.signals().rules_changed().emit(&GString::from(hash.as_str())),
        }
    }

    fn tell_event(&mut self, event: GameEvent) {
        let own = self.get_own_slot();
        let number = i64::from;
        match event {
            GameEvent::Hit { attacker, target, amount, arm } => {
                let (attacker, target, amount) = (number(attacker), number(target), number(amount));
                self.signals().entity_hit().emit(attacker, target, amount, &named(arm));
                if attacker == own {
                    self.signals().damage_dealt().emit(target, amount);
                }
                if target == own {
                    self.signals().damage_taken().emit(attacker, amount);
                }
            }
            GameEvent::Died { victim, killer, .. } => {
                let (victim, killer) = (number(victim), number(killer));
                self.signals().entity_died().emit(victim, killer);
                if victim == own {
                    self.signals().local_player_died().emit(killer);
                }
            }
            GameEvent::Respawned { slot } => self.signals().entity_respawned().emit(number(slot)),
            GameEvent::Launched { owner, yaw, pitch, arm } => {
                let (yaw, pitch) = (f64::from(brads_to_radians(yaw)), f64::from(pitch_to_radians(pitch)));
                self.signals().projectile_launched().emit(number(owner), yaw, pitch, &named(arm));
            }
            GameEvent::Burst { owner, at, arm } => {
                self.signals().burst().emit(number(owner), position_to_vector(at), &named(arm));
            }
            GameEvent::Healed { healer, target, amount, arm } => {
                let (healer, target) = (number(healer), number(target));
                self.signals().entity_healed().emit(healer, target, number(amount), &named(arm));
            }
            GameEvent::Afflicted { target, source, effect } => {
                let effect = GString::from(effect_name(effect));
                self.signals().entity_afflicted().emit(number(source), number(target), &effect);
            }
            GameEvent::Assisted { helper, victim } => {
                if number(helper) == own {
                    self.signals().assisted().emit(number(victim));
                }
            }
        }
    }

    fn end(&mut self, reason: String) {
        let reason = GString::from(&reason);
        if std::mem::take(&mut self.was_playing) {
            self.signals().disconnected().emit(&reason);
        } else {
            self.signals().connection_failed().emit(&reason);
        }
    }

    /// Replaces `out` with all others in sight as drawn now.
    pub(crate) fn sample(&mut self, out: &mut Vec<EntityView>) {
        out.clear();
        if let Some(link) = &mut self.link {
            let now = link.now();
            link.client.sample_crowd(now, out);
        }
    }
}

#[godot_api]
impl INode for ShieldwallClient {
    fn ready(&mut self) {
        if Engine::singleton().is_editor_hint() {
            return;
        }
        // Before the nodes that draw what this one knows.
        self.base_mut().set_process_priority(-100);
        self.base_mut().set_process(true);
        if self.auto_connect {
            let error = self.connect_to_server(GString::new(), 0);
            if error != Error::OK {
                self.end(format!("cannot connect: error {}", error.ord()));
            }
        }
    }

    fn process(&mut self, _delta: f64) {
        if self.link.is_none() {
            return;
        }
        let mut news = Vec::new();
        self.gather_news(&mut news);
        for item in news {
            self.tell(item);
        }
        self.tell_ground();
    }

    fn exit_tree(&mut self) {
        self.disconnect_from_server();
    }

    fn get_configuration_warnings(&self) -> PackedStringArray {
        self.list_warnings()
    }
}
