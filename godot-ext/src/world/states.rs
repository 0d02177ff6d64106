//! The state as a whole: its hash, its bytes, and going back.

use godot::global::Error;
use godot::prelude::*;
use shieldwall_core::SavedState;

use super::ShieldwallWorld;
use super::drawing::deformed;
use crate::files::refuse;

/// Places for kept states that a world has.
const PLACES: i64 = 256;

/// Why nothing can be done with a world that is not there.
const NO_WORLD: &str = "there is no world: call create() first";

#[godot_api(secondary)]
impl ShieldwallWorld {
    /// The hash of the whole state as 32 hexadecimal digits; empty before [method create].
    #[func]
    fn get_hash(&self) -> GString {
        self.world.as_ref().map_or_else(GString::new, |world| GString::from(&world.state_hash().to_string()))
    }

    /// The hash of every column of the state, by its name (table and column with a dot between): what tells where two worlds
    /// differ.
    #[func]
    fn get_column_hashes(&self) -> VarDictionary {
        let mut hashes = VarDictionary::new();
        if let Some(world) = &self.world {
            for (column, hash) in world.column_hashes().iter() {
                hashes.set(format!("{}.{}", column.table, column.name), hash.to_string());
            }
        }
        hashes
    }

    /// The whole state as bytes, for storing and sending; empty before [method create].
    #[func]
    fn save_state(&self) -> PackedByteArray {
        let mut image = Vec::new();
        if let Some(world) = &self.world {
            world.snapshot_into(&mut image);
        }
        PackedByteArray::from(image)
    }

    /// Puts a saved state in place of the present one; there are no events until the next step. Answers ERR_INVALID_DATA,
    /// and changes nothing, when the bytes are no state of a world with this configuration and scenery.
    #[func]
    fn load_state(&mut self, image: PackedByteArray) -> Error {
        let Some(world) = &mut self.world else {
            return refuse("load_state", NO_WORLD, Error::ERR_UNCONFIGURED);
        };
        let before = deformed(world);
        match world.restore(image.as_slice()) {
            Ok(()) => {
                self.note_other_state(&before);
                self.signals().state_replaced().emit();
                Error::OK
            }
            Err(error) => refuse("load_state", error, Error::ERR_INVALID_DATA),
        }
    }

    /// Keeps the state in memory at one of 256 places (0 to 255), for [method return_to_state]: as fast as a copy.
    /// [method create] forgets them all.
    #[func]
    fn keep_state(&mut self, place: i64) -> Error {
        let Some(world) = &self.world else {
            return refuse("keep_state", NO_WORLD, Error::ERR_UNCONFIGURED);
        };
        if !(0..PLACES).contains(&place) {
            let why = format!("place {place}: there are 0 to {}", PLACES - 1);
            return refuse("keep_state", why, Error::ERR_PARAMETER_RANGE_ERROR);
        }
        let place = place as usize;
        if self.saved.len() <= place {
            self.saved.resize_with(place + 1, SavedState::new);
        }
        world.save(&mut self.saved[place]);
        Error::OK
    }

    /// Goes back (or on) to a state that [method keep_state] kept; it stays there. Commands that wait stay in the queue.
    /// ERR_DOES_NOT_EXIST when nothing was kept there.
    #[func]
    fn return_to_state(&mut self, place: i64) -> Error {
        let Some(world) = &mut self.world else {
            return refuse("return_to_state", NO_WORLD, Error::ERR_UNCONFIGURED);
        };
        let before = deformed(world);
        let saved = usize::try_from(place).ok().and_then(|place| self.saved.get(place));
        match saved.map(|saved| world.load(saved)) {
            Some(Ok(())) => {
                self.note_other_state(&before);
                self.signals().state_replaced().emit();
                Error::OK
            }
            Some(Err(error)) => refuse("return_to_state", error, Error::ERR_DOES_NOT_EXIST),
            None => {
                refuse("return_to_state", format!("nothing was kept at {place}"), Error::ERR_DOES_NOT_EXIST)
            }
        }
    }
}
