//! What one body has the breath for: shield, beginning of weapons and abilities, stamina. A client runs it for its own
//! character, together with [`super::movement::move_character`], so that it knows beforehand when a shield goes up and when
//! breath runs out.
//!
//! Stamina is the kernel's own function. The conditions of shields and of deeds are those of the stage "combat", for one row
//! and with nobody to strike; a test holds them against the world.
//!
//! What is not here, because no client can know it: blows that are taken on the shield or break something off, and projectiles
//! for which the world has no room.

use super::Timing;
use super::lifecycle::{gained_stamina, stamina_after};
use crate::numeric::Tick;
use crate::rules::{ARM_BUTTONS, Rules, arm_kind};
use crate::state::characters::{MoveState, action, flags};
use crate::state::commands::{CharacterInput, buttons};

/// What is kept of a body beside its movement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exertion {
    /// In points of the rules.
    pub stamina: u16,
    /// What it last began: values of [`action`].
    pub action: u8,
    /// When that was.
    pub action_tick: Tick,
    /// First tick at which what is on each button is ready.
    pub ready_ticks: [Tick; ARM_BUTTONS],
}

/// What all bodies of a world have in common.
#[derive(Clone, Copy, Debug)]
pub struct ExertionRules<'a> {
    /// The rules.
    pub rules: &'a Rules,
    /// Their durations.
    pub timing: &'a Timing,
    /// Ticks per second.
    pub tick_hz: u16,
}

impl Exertion {
    /// The stages after movement in `tick`, for a body that movement has brought to `state`: changes its flags, and itself.
    pub fn run(
        &mut self,
        state: &mut MoveState,
        input: CharacterInput,
        tick: Tick,
        world: &ExertionRules<'_>,
    ) {
        if state.flags & flags::ALIVE == 0 {
            return;
        }
        self.raise_shield(state, input, world.rules);
        if state.flags & flags::STUNNED == 0 {
            self.begin(state, input, tick, world);
        }
        let combat = &world.rules.combat;
        let gained = gained_stamina(combat, tick, world.tick_hz);
        (self.stamina, state.flags) =
            stamina_after((self.stamina, state.flags), (state.motion, state.motion_ticks), gained, combat);
    }

    /// As `raise_shields` of the stage "combat".
    fn raise_shield(&self, state: &mut MoveState, input: CharacterInput, rules: &Rules) {
        let can = state.flags & flags::STUNNED == 0
            && self.stamina > 0
            && rules.kit_of(state.class).block_per_256 > 0
            && action::cast_button(self.action).is_none();
        let holds = input.pressed(buttons::BLOCK) && can;
        state.flags = if holds { state.flags | flags::BLOCKING } else { state.flags & !flags::BLOCKING };
    }

    /// As attacks begin in the stage "combat": something is prepared, let go, or used at once.
    fn begin(&mut self, state: &MoveState, input: CharacterInput, tick: Tick, world: &ExertionRules<'_>) {
        let kit = world.rules.kit_of(state.class);
        let casts = |button: usize| world.timing.arm(kit.arm(button)).cast;
        let (button, released) = match action::cast_button(self.action) {
            Some(button) if tick.since(self.action_tick) < casts(button) => return,
            Some(button) => (button, true),
            None => match self.pressed(state, input, tick, world) {
                Some(button) => (button, false),
                None => return,
            },
        };
        let arm = kit.arm(button);
        if !released {
            let cost = world.rules.arm(arm).map_or(0, |rules| rules.stamina);
            self.stamina = self.stamina.saturating_sub(cost);
        }
        if released || casts(button).0 == 0 {
            self.ready_ticks[button] = tick + world.timing.arm(arm).cooldown;
            self.action = action::USED[button];
        } else {
            self.action = action::CAST + button as u8;
        }
        self.action_tick = tick;
    }

    /// The first of the pressed buttons whose weapon or ability can be used.
    fn pressed(
        &self,
        state: &MoveState,
        input: CharacterInput,
        tick: Tick,
        world: &ExertionRules<'_>,
    ) -> Option<usize> {
        let since = tick.since(self.action_tick);
        let rests = action::is_use(self.action) && since < world.timing.global_cooldown;
        if rests || state.flags & flags::BLOCKING != 0 {
            return None;
        }
        let kit = world.rules.kit_of(state.class);
        (0..ARM_BUTTONS).find(|button| {
            let pressed = input.pressed(buttons::ARMS[*button]);
            let arm = world.rules.arm(kit.arm(*button)).filter(|_| pressed);
            arm.is_some_and(|arm| {
                arm.kind != arm_kind::NONE
                    && arm.stamina <= self.stamina
                    && tick.signed_distance(self.ready_ticks[*button]) >= 0
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::systems::movement::{MovementTicks, Surroundings, move_character};
    use crate::{Brads, CharacterId, Command, Metres, Placement, World, WorldConfig};
    use alloc::vec;
    use proptest::prelude::*;

    fn own(world: &World, id: CharacterId) -> Exertion {
        let (view, row) = (world.characters(), id.slot as usize);
        Exertion {
            stamina: view.stamina[row],
            action: view.action[row],
            action_tick: Tick(view.action_tick[row]),
            ready_ticks: [
                Tick(view.primary_ready_tick[row]),
                Tick(view.secondary_ready_tick[row]),
                Tick(view.ability_1_ready_tick[row]),
                Tick(view.ability_2_ready_tick[row]),
            ],
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        /// Alone in the world, whatever it presses: body and breath are what the world makes of them, tick by tick.
        #[test]
        fn alone_it_is_what_the_world_makes_of_it(
            class in 0_u8..4, hz in prop::sample::select(vec![30_u16, 60, 50]),
            presses in prop::collection::vec((any::<u16>(), any::<i8>(), any::<i8>(), any::<u16>(), 1_u32..40), 1..30),
        ) {
            let mut config = WorldConfig { tick_hz: hz, character_capacity: 4, ..WorldConfig::default() };
            config.rules.combat.stamina_max = 60;
            let mut world = World::new(&config).unwrap();
            let placement = Placement::At { x: Metres::from_m(5), z: Metres::from_m(3), yaw: Brads(0) };
            world.step(&[Command::Spawn { tag: 0, team: 0, class, placement }]);
            let id = world.id_at(0).unwrap();
            let (movement, timing) = (MovementTicks::new(&config.rules, hz), Timing::new(&config.rules, hz));
            let rules = ExertionRules { rules: &config.rules, timing: &timing, tick_hz: hz };
            let (mut state, mut breath) = (world.move_state(id).unwrap(), own(&world, id));
            for (pressed, right, forward, yaw, ticks) in presses {
                let input = CharacterInput { buttons: pressed & buttons::ALL, move_right: right, move_forward: forward,
                    yaw: Brads(yaw), pitch: 0 };
                for _ in 0..ticks {
                    let tick = world.tick();
                    let around = Surroundings { terrain: world.terrain(), obstacles: world.obstacles(), tick };
                    state = move_character(state, input, &around, &movement);
                    breath.run(&mut state, input, tick, &rules);
                    world.step(&[Command::Input { id, input }]);
                    // What it leaves on itself, or does to itself with a rocket, is not its breath.
                    let truth = world.move_state(id).unwrap();
                    if (truth.flags ^ state.flags) & flags::AFFLICTED != 0 || truth.motion != state.motion {
                        state = truth;
                    }
                    prop_assert_eq!(state.flags, truth.flags);
                    state = truth;
                    let truth = own(&world, id);
                    if truth.action == action::INTERRUPTED || truth.action == action::DIED {
                        breath = truth;
                    }
                    prop_assert_eq!(breath, truth, "in tick {:?}", tick);
                }
            }
        }
    }
}
