//! What a world is made from: rules, scenery, configuration; and the making.

use std::sync::Arc;

use godot::global::Error;
use godot::prelude::*;
use shieldwall_core::spatial::Scenery;
use shieldwall_core::{Rules, World, WorldConfig};

use super::ShieldwallWorld;
use crate::convert::metres_from_f64;
use crate::files::{self, refuse};

#[godot_api(secondary)]
impl ShieldwallWorld {
    /// Takes the rules of a TOML file (`res://`, `user://` or a path) for the next [method create]. Values that the file
    /// leaves out are the shipped ones.
    ///
    /// ERR_FILE_NOT_FOUND and ERR_FILE_CANT_READ: the file. ERR_PARSE_ERROR: its content; what is wrong, with line and
    /// allowed range, is pushed as an error. The rules stay as they were then.
    #[func]
    fn load_rules(&mut self, path: GString) -> Error {
        match files::read("load_rules", &path) {
            Ok(bytes) => self.take_rules("load_rules", &path.to_string(), &bytes),
            Err(error) => error,
        }
    }

    /// Takes rules as [method load_rules] does, from a text.
    #[func]
    fn set_rules_text(&mut self, text: GString) -> Error {
        self.take_rules("set_rules_text", "rules", text.to_string().as_bytes())
    }

    /// The rules as a complete TOML text: a file to start from.
    #[func]
    fn get_rules_text(&self) -> GString {
        let shipped = Rules::default();
        GString::from(&shieldwall_rules::file_of(self.rules.as_deref().unwrap_or(&shipped)))
    }

    /// The version of the rules, as hosts and `shieldwall rules check` print it: two sides play by the same rules when
    /// they are equal.
    #[func]
    fn get_rules_hash(&self) -> GString {
        let shipped = Rules::default();
        GString::from(&self.rules.as_deref().unwrap_or(&shipped).hash().to_string())
    }

    /// Takes what stands in the world from a file for the next [method create]: a TOML list (`.toml`, with the models and
    /// the height file that it names beside it), a model (`.obj`) or a scenery file (`.swsc`).
    ///
    /// Answers as [method load_rules]. An empty path is a field on which nothing stands, "fort" the scenery of
    /// `shieldwall demo`.
    #[func]
    fn load_scenery(&mut self, path: GString) -> Error {
        match files::scenery("load_scenery", &path) {
            Ok(scenery) => self.take_scenery(scenery),
            Err(error) => error,
        }
    }

    /// Takes what stands in the world from the text of a TOML list. It cannot name files: those stand beside a file.
    #[func]
    fn set_scenery_text(&mut self, text: GString) -> Error {
        match files::scenery_of_text("set_scenery_text", &text) {
            Ok(scenery) => self.take_scenery(scenery),
            Err(error) => error,
        }
    }

    /// Takes what stands in the world from the bytes of a scenery file; none are a field on which nothing stands.
    #[func]
    fn set_scenery_data(&mut self, data: PackedByteArray) -> Error {
        if data.is_empty() {
            return self.take_scenery(Scenery::default());
        }
        match Scenery::decode(data.as_slice()) {
            Ok(scenery) => self.take_scenery(scenery),
            Err(error) => refuse("set_scenery_data", error, Error::ERR_INVALID_DATA),
        }
    }

    /// What stands in the world as the bytes of a scenery file, for [member ShieldwallClient.scenery_file] or a host's
    /// `--scenery`.
    #[func]
    fn get_scenery_data(&self) -> PackedByteArray {
        PackedByteArray::from(self.scenery.encode())
    }

    /// Makes the world from the properties, the rules and the scenery; a world that was there is gone. Answers
    /// ERR_INVALID_PARAMETER, and leaves everything as it was, when one of them is out of range: which is pushed as an
    /// error.
    #[func]
    fn create(&mut self) -> Error {
        match self.configuration() {
            Ok(config) => self.begin("create", &config),
            Err(why) => refuse("create", why, Error::ERR_INVALID_PARAMETER),
        }
    }

    /// Makes the world from the bytes of a configuration, rules included, as [method get_config_data], C and replays have
    /// them, and from the scenery. The properties are not asked.
    #[func]
    fn create_from_config(&mut self, data: PackedByteArray) -> Error {
        match WorldConfig::decode(data.as_slice()) {
            Ok((config, [])) => self.begin("create_from_config", &config),
            Ok((_, rest)) => {
                let why = format!("{} bytes too many", rest.len());
                refuse("create_from_config", why, Error::ERR_INVALID_DATA)
            }
            Err(error) => refuse("create_from_config", error, Error::ERR_INVALID_DATA),
        }
    }

    /// Lets the world that runs go on by the rules that were taken last, from the next tick on: what may change, and what
    /// becomes of the battle, is in `docs/RULES.md`. States that were kept before are of the world by its rules before.
    ///
    /// ERR_UNCONFIGURED before [method create]. ERR_INVALID_PARAMETER when a running world does not adopt such rules, which
    /// is pushed as an error; nothing has changed then.
    #[func]
    fn adopt_rules(&mut self) -> Error {
        let rules = self.rules.as_deref().copied().unwrap_or_default();
        let Some(world) = &mut self.world else {
            return refuse("adopt_rules", "there is no world yet", Error::ERR_UNCONFIGURED);
        };
        match world.adopt_rules(&rules) {
            Ok(()) => Error::OK,
            Err(error) => refuse("adopt_rules", error, Error::ERR_INVALID_PARAMETER),
        }
    }

    /// The configuration of the world as bytes, rules included and scenery not; empty before [method create].
    #[func]
    fn get_config_data(&self) -> PackedByteArray {
        let Some(world) = &self.world else { return PackedByteArray::new() };
        PackedByteArray::from(world.config().encode())
    }

    /// Of configuration and scenery, as 16 hexadecimal digits: worlds with the same one can take each other's states.
    /// Empty before [method create].
    #[func]
    fn get_fingerprint(&self) -> GString {
        let world = self.world.as_ref();
        world.map_or_else(GString::new, |world| GString::from(&format!("{:016x}", world.fingerprint())))
    }
}

impl ShieldwallWorld {
    fn take_rules(&mut self, method: &str, name: &str, bytes: &[u8]) -> Error {
        match shieldwall_rules::compile(name, bytes) {
            Ok(ruleset) => {
                if !ruleset.warnings.to_string().is_empty() {
                    godot_warn!("ShieldwallWorld.{method}(): {}", ruleset.warnings);
                }
                self.rules = Some(Box::new(ruleset.rules));
                Error::OK
            }
            Err(report) => refuse(method, report, Error::ERR_PARSE_ERROR),
        }
    }

    fn take_scenery(&mut self, scenery: Scenery) -> Error {
        self.scenery = Arc::new(scenery);
        Error::OK
    }

    /// The properties as a configuration, or which of them cannot be one.
    fn configuration(&self) -> Result<WorldConfig, String> {
        fn whole<T: TryFrom<i64>>(name: &str, value: i64) -> Result<T, String> {
            T::try_from(value).map_err(|_| format!("{name} cannot be {value}"))
        }
        let defaults = WorldConfig::default();
        Ok(WorldConfig {
            seed: self.seed as u64,
            tick_hz: whole("tickrate", self.tickrate)?,
            teams: whole("teams", self.teams)?,
            half_extent: metres_from_f64(self.half_extent),
            terrain_spacing: metres_from_f64(self.terrain_spacing),
            character_capacity: whole("character_capacity", self.character_capacity)?,
            projectile_capacity: whole("projectile_capacity", self.projectile_capacity)?,
            npc_capacity: whole("npc_capacity", self.npc_capacity)?,
            event_capacity: whole("event_capacity", self.event_capacity)?,
            rules: self.rules.as_deref().copied().unwrap_or(defaults.rules),
            ..defaults
        })
    }

    fn begin(&mut self, method: &str, config: &WorldConfig) -> Error {
        match World::with_scenery(config, &self.scenery) {
            Ok(world) => {
                self.world = Some(Box::new(world));
                self.standing = Arc::clone(&self.scenery);
                self.commands.clear();
                self.saved.clear();
                self.log.begin();
                self.signals().state_replaced().emit();
                Error::OK
            }
            Err(error) => refuse(method, error, Error::ERR_INVALID_PARAMETER),
        }
    }
}
