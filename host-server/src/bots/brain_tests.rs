//! A bot's decisions, from views made up for them.

use super::*;
use shieldwall_core::numeric::{Brads, Tick, Velocity};
use shieldwall_core::rules::ARM_BUTTONS;
use shieldwall_core::state::handle::CharacterId;
use shieldwall_net::client::FlagView;
use shieldwall_net::wire::own_state::OwnEffects;

pub(in crate::bots) fn own(x_m: i32, z_m: i32) -> OwnView {
    let position = Position::new(Metres::from_m(x_m), Metres::ZERO, Metres::from_m(z_m));
    OwnView {
        id: CharacterId { slot: 0, generation: 1 },
        tick: Tick(1_000),
        position,
        predicted_position: position,
        velocity: Velocity::ZERO,
        yaw: Brads::ZERO,
        pitch: 0,
        team: 0,
        health: 1000,
        alive: true,
        grounded: true,
        flags: 0,
        class: 0,
        action: 0,
        stamina: 100,
        ready_ticks: [Tick::ZERO; ARM_BUTTONS],
        effects: OwnEffects::default(),
    }
}

fn other(slot: u32, team: u8, x_m: i32, z_m: i32) -> EntityView {
    EntityView {
        slot,
        position: Position::new(Metres::from_m(x_m), Metres::ZERO, Metres::from_m(z_m)),
        velocity: Velocity::ZERO,
        yaw: Brads::ZERO,
        team,
        health: 255,
        alive: true,
        grounded: true,
        action: 0,
        status: 0,
        effect: 0,
        class: 0,
    }
}

/// What `count` bots in the same place decide first.
fn decisions(
    count: u32,
    own: &OwnView,
    others: &[EntityView],
    objectives: &[ObjectiveView],
    ahead: Ahead,
) -> Vec<CharacterInput> {
    let rules = Rules::default();
    let around = Surroundings { rules: &rules, objectives, ahead };
    (0..count).map(|index| Brain::new(7, index).think(own, others, &around)).collect()
}

fn pressing(inputs: &[CharacterInput], button: u16) -> usize {
    inputs.iter().filter(|input| input.pressed(button)).count()
}

#[test]
fn without_enemies_it_sprints_to_the_middle() {
    let inputs = decisions(50, &own(-60, 0), &[other(1, 0, -58, 0)], &[], Ahead::Free);
    for input in inputs {
        assert!(input.pressed(buttons::SPRINT) && input.move_forward == 127);
        // From the west the middle is to the east: yaw of about -90 degrees.
        assert!(input.yaw.distance(Brads::from_degrees(-90)) < Brads::from_degrees(20).raw());
    }
}

#[test]
fn it_turns_to_the_nearest_living_enemy_and_strikes_blocks_or_bashes_in_reach() {
    let mut dead = other(3, 1, 0, -1);
    dead.alive = false;
    let others = [other(1, 1, 20, 0), other(2, 1, 2, 0), dead];
    let inputs = decisions(200, &own(0, 0), &others, &[], Ahead::Free);
    for input in &inputs {
        assert!(input.buttons & (buttons::MELEE | buttons::ABILITY_1 | buttons::BLOCK) != 0);
        assert!(input.yaw.distance(Brads::from_degrees(-90)) < 64);
    }
    for button in [buttons::MELEE, buttons::ABILITY_1, buttons::BLOCK] {
        assert!((5..195).contains(&pressing(&inputs, button)), "button {button}");
    }
    let mut tired = own(0, 0);
    tired.stamina = 10;
    assert_eq!(pressing(&decisions(200, &tired, &others, &[], Ahead::Free), buttons::BLOCK), 0);
}

#[test]
fn some_shoot_from_afar_with_the_bow_raised() {
    let shots = decisions(300, &own(0, 0), &[other(1, 1, 0, -30)], &[], Ahead::Free);
    let shots: Vec<_> = shots.into_iter().filter(|input| input.pressed(buttons::SHOOT)).collect();
    assert!((20..200).contains(&shots.len()), "{} of 300 shoot", shots.len());
    assert!(shots.iter().all(|input| input.pitch > 500 && input.yaw.distance(Brads::ZERO) < 64));
}

#[test]
fn grenades_are_for_crowds_without_friends_and_only_when_ready() {
    let crowd = [other(1, 1, 0, -15), other(2, 1, 1, -16)];
    let thrown = |own: &OwnView, others: &[EntityView]| {
        pressing(&decisions(100, own, others, &[], Ahead::Free), buttons::ABILITY_2)
    };
    assert!(thrown(&own(0, 0), &crowd) > 20);
    assert_eq!(thrown(&own(0, 0), &crowd[..1]), 0, "one is no crowd");
    assert_eq!(thrown(&own(0, 0), &[crowd[0], crowd[1], other(3, 0, -1, -15)]), 0, "a friend is there");
    let mut waiting = own(0, 0);
    waiting.ready_ticks = [Tick(2_000); ARM_BUTTONS];
    assert_eq!(thrown(&waiting, &crowd), 0);
}

#[test]
fn a_heavy_heals_and_raises_a_banner_among_friends() {
    let mut heavy = own(0, 0);
    heavy.class = 2;
    let mut friends = [other(1, 0, 2, 0), other(2, 0, -2, 0), other(3, 0, 0, 2)];
    let enemy = other(9, 1, 0, -12);
    let with = |friends: &[EntityView; 3]| {
        let others = [friends[0], friends[1], friends[2], enemy];
        decisions(20, &heavy, &others, &[], Ahead::Free)
    };
    assert_eq!(pressing(&with(&friends), buttons::ABILITY_1), 0, "nobody is hurt");
    assert!(pressing(&with(&friends), buttons::ABILITY_2) > 15, "a banner");
    friends[0].health = 40;
    friends[1].health = 90;
    let inputs = with(&friends);
    assert!(pressing(&inputs, buttons::ABILITY_1 | buttons::ABILITY_2) == 0, "one thing at a time");
    heavy.ready_ticks[3] = Tick(9_000);
    let others = [friends[0], friends[1], friends[2], enemy];
    assert!(pressing(&decisions(20, &heavy, &others, &[], Ahead::Free), buttons::ABILITY_1) > 15);
}

#[test]
fn with_nobody_near_it_goes_for_a_place_and_holds_it() {
    let point = ObjectiveView {
        point: 0,
        kind: 0,
        owner: 255,
        contender: 255,
        progress: 0,
        present: 0,
        flag: FlagView::None,
        position: Position::new(Metres::ZERO, Metres::ZERO, Metres::from_m(-40)),
        radius: Metres::from_m(6),
        told: Tick(0),
        tick: Tick(0),
    };
    let far = [other(1, 1, 40, 0)];
    for input in decisions(20, &own(0, 0), &far, &[point], Ahead::Free) {
        let shoots = input.pressed(buttons::SHOOT);
        assert!(shoots || input.yaw.distance(Brads::ZERO) < Brads::from_degrees(10).raw());
    }
    for input in decisions(20, &own(1, -39), &[], &[point], Ahead::Free) {
        assert_eq!(input.move_forward, 0);
    }
}

#[test]
fn it_breaks_gates_and_goes_along_walls() {
    let inputs = decisions(40, &own(-60, 0), &[], &[], Ahead::Breakable);
    assert_eq!(pressing(&inputs, buttons::MELEE), 40);
    let inputs = decisions(40, &own(-60, 0), &[], &[], Ahead::Firm(0));
    let (left, right) = (-127, 127);
    assert!(inputs.iter().all(|input| [left, right].contains(&input.move_right)));
    assert!(inputs.iter().any(|input| input.move_right == left));
    assert!(inputs.iter().any(|input| input.move_right == right));
    let inputs = decisions(40, &own(-60, 0), &[], &[], Ahead::Firm(1));
    assert!(inputs.iter().filter(|input| input.move_right == right).count() > 28, "the shorter way");
}

#[test]
fn the_same_seed_decides_the_same() {
    let decide = || {
        let rules = Rules::default();
        let around = Surroundings { rules: &rules, objectives: &[], ahead: Ahead::Free };
        let mut brain = Brain::new(9, 4);
        (0..50).map(|at| brain.think(&own(0, 0), &[other(1, 1, at, -9)], &around)).collect::<Vec<_>>()
    };
    assert_eq!(decide(), decide());
}
