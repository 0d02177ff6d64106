//! Prediction against a true server of one character, with a stand-in for the kernel's movement.

use super::*;
use shieldwall_core::numeric::Brads;

const HZ: u16 = 60;

/// A stand-in for the kernel's movement: a pure function of state and input, which is all prediction rests on.
fn step(_tick: Tick, mut state: MoveState, input: CharacterInput) -> MoveState {
    if state.flags & flags::ALIVE != 0 {
        state.velocity.x.0 = i32::from(input.move_right) * 4_096;
        state.velocity.z.0 = state.velocity.z.0 / 2 + i32::from(input.move_forward) * 2_048;
        state.position = state.position.advanced(state.velocity, HZ);
        state.yaw = input.yaw;
    }
    state
}

fn alive() -> MoveState {
    MoveState { flags: flags::ALIVE | flags::IN_USE, ..MoveState::default() }
}

fn input(n: u32) -> CharacterInput {
    let h = n.wrapping_mul(2_654_435_761) >> 8;
    CharacterInput { move_right: h as i8, move_forward: (h >> 8) as i8, ..CharacterInput::default() }
}

/// States of the true server: `states[t]` is after tick `t`, starting from `alive()` before tick 1.
fn server(ticks: u32, input_of: impl Fn(u32) -> CharacterInput) -> Vec<MoveState> {
    let mut states = vec![alive()];
    for t in 1..=ticks {
        states.push(step(Tick(t), states[t as usize - 1], input_of(t)));
    }
    states
}

#[test]
fn same_inputs_never_correct() {
    let truth = server(400, input);
    let mut p = Prediction::new(HZ);
    assert_eq!(p.reconcile(Tick(0), truth[0], &mut step), Reconciliation::Adopted);
    for t in 1..=400 {
        p.run(Tick(t), input(t), &mut step);
        if t > 30 && t % 3 == 0 {
            assert_eq!(
                p.reconcile(Tick(t - 30), truth[t as usize - 30], &mut step),
                Reconciliation::Unchanged
            );
        }
        assert_eq!(p.current(), Some(&truth[t as usize]));
        assert_eq!(p.visible_offset(), Metres::ZERO);
    }
}

#[test]
fn inputs_given_before_the_first_state_are_replayed() {
    let truth = server(40, input);
    let mut p = Prediction::new(HZ);
    for t in 1..=40 {
        p.run(Tick(t), input(t), &mut step);
    }
    assert_eq!(p.current(), None);
    assert_eq!(p.reconcile(Tick(10), truth[10], &mut step), Reconciliation::Adopted);
    assert_eq!(p.current(), Some(&truth[40]));
}

/// Ticks left out by a jump of the clock hold the last input, here as on the server, however often they are replayed.
#[test]
fn ticks_left_out_hold_the_last_input_in_replays_too() {
    let held = |t: u32| if (11..=19).contains(&t) { input(10) } else { input(t) };
    let mut truth = server(14, held);
    // A push in the middle of the gap, so that the rest of it is replayed.
    truth[14].position.x += Metres::from_mm(300);
    for t in 15..=40 {
        truth.push(step(Tick(t), truth[t as usize - 1], held(t)));
    }
    let mut p = Prediction::new(HZ);
    p.reconcile(Tick(0), truth[0], &mut step);
    (1..=10).for_each(|t| p.run(Tick(t), input(t), &mut step));
    (20..=40).for_each(|t| p.run(Tick(t), input(t), &mut step));
    assert!((11..=19).all(|t| p.input_at(Tick(t)) == Some(input(10))), "what is sent for them");
    assert!(matches!(p.reconcile(Tick(14), truth[14], &mut step), Reconciliation::Corrected { .. }));
    assert_eq!(p.reconcile(Tick(17), truth[17], &mut step), Reconciliation::Unchanged);
    assert_eq!(p.current(), Some(&truth[40]));
}

/// The server gives a character no input before its client does: it looks where it was put.
#[test]
fn before_the_first_input_the_character_looks_where_it_was_put() {
    let spawned = MoveState { yaw: Brads(16_384), pitch: -700, ..alive() };
    let mut truth = vec![spawned];
    for t in 1..=40 {
        let resting = CharacterInput { yaw: spawned.yaw, pitch: spawned.pitch, ..CharacterInput::default() };
        truth.push(step(Tick(t as u32), truth[t - 1], if t < 20 { resting } else { input(t as u32) }));
    }
    let mut p = Prediction::new(HZ);
    p.reconcile(Tick(3), truth[3], &mut step);
    (20..=40).for_each(|t| p.run(Tick(t), input(t), &mut step));
    for t in [6, 9, 25] {
        assert_eq!(p.reconcile(Tick(t), truth[t as usize], &mut step), Reconciliation::Unchanged, "{t}");
    }
    let mut late = Prediction::new(HZ);
    (20..=40).for_each(|t| late.run(Tick(t), input(t), &mut step));
    assert_eq!(late.reconcile(Tick(3), truth[3], &mut step), Reconciliation::Adopted);
    assert_eq!(late.current(), Some(&truth[40]));
    assert_eq!(late.input_at(Tick(19)), None, "nothing is sent for it");
}

#[test]
fn a_missed_input_is_corrected_once_and_the_picture_does_not_jump() {
    let missed = 50;
    let held = |t: u32| if t == missed { input(t - 1) } else { input(t) };
    let truth = server(200, held);
    let mut p = Prediction::new(HZ);
    p.reconcile(Tick(0), truth[0], &mut step);
    let mut corrections = 0;
    for t in 1..=200 {
        p.run(Tick(t), input(t), &mut step);
        let before = p.visible_position(65_536);
        if t > 20 && t % 3 == 0 {
            let at = t - 20;
            if let Reconciliation::Corrected { distance } =
                p.reconcile(Tick(at), truth[at as usize], &mut step)
            {
                corrections += 1;
                assert!(distance > Metres::ZERO && distance < Metres::ONE);
                assert_eq!(p.visible_position(65_536), before);
                assert_ne!(p.visible_offset(), Metres::ZERO);
            }
        }
        if t > missed + 60 {
            assert_eq!(p.current(), Some(&truth[t as usize]));
            assert_eq!(p.visible_offset(), Metres::ZERO);
        }
    }
    assert_eq!(corrections, 1);
}

#[test]
fn one_wrong_bit_is_corrected() {
    let truth = server(20, input);
    for bit in 0..320 {
        let mut p = Prediction::new(HZ);
        p.reconcile(Tick(0), truth[0], &mut step);
        (1..=20).for_each(|t| p.run(Tick(t), input(t), &mut step));
        let mut bytes: [u8; 40] = bytemuck::cast(truth[10]);
        bytes[bit / 8] ^= 1 << (bit % 8);
        let told = p.reconcile(Tick(10), bytemuck::cast(bytes), &mut step);
        assert!(
            matches!(told, Reconciliation::Corrected { .. } | Reconciliation::Relocated),
            "bit {bit}: {told:?}"
        );
    }
}

#[test]
fn death_return_and_teleport_are_no_corrections() {
    let mut p = Prediction::new(HZ);
    p.reconcile(Tick(0), alive(), &mut step);
    (1..=30).for_each(|t| p.run(Tick(t), input(t), &mut step));
    let mut dead = server(20, input)[20];
    dead.flags &= !flags::ALIVE;
    assert_eq!(p.reconcile(Tick(20), dead, &mut step), Reconciliation::Relocated);
    assert_eq!(p.current(), Some(&dead), "the dead do not move");
    (31..=60).for_each(|t| p.run(Tick(t), input(t), &mut step));
    assert_eq!(p.reconcile(Tick(40), dead, &mut step), Reconciliation::Unchanged);
    let mut back = alive();
    back.position.x = Metres::from_m(45);
    assert_eq!(p.reconcile(Tick(50), back, &mut step), Reconciliation::Relocated);
    assert_eq!(p.visible_offset(), Metres::ZERO);
    let mut elsewhere = alive();
    elsewhere.position.z = Metres::from_m(-45);
    assert_eq!(p.reconcile(Tick(53), elsewhere, &mut step), Reconciliation::Relocated);
}

#[test]
fn large_errors_snap_small_ones_fade() {
    for (error_mm, snaps) in [(500, false), (1_900, false), (2_100, true), (5_000, true)] {
        let mut p = Prediction::new(HZ);
        p.reconcile(Tick(0), alive(), &mut step);
        (1..=9).for_each(|t| p.run(Tick(t), CharacterInput::default(), &mut step));
        let mut pushed = alive();
        pushed.position.x = Metres::from_mm(error_mm);
        let told = p.reconcile(Tick(5), pushed, &mut step);
        assert!(
            matches!(told, Reconciliation::Corrected { distance } if distance.0.abs_diff(pushed.position.x.0) < 4)
        );
        assert_eq!(p.visible_offset() == Metres::ZERO, snaps, "{error_mm} mm");
        // 100 ms later at most a fifth is left.
        (10..16).for_each(|t| p.run(Tick(t), CharacterInput::default(), &mut step));
        assert!(p.visible_offset() < Metres::from_mm(error_mm / 5));
    }
}

#[test]
fn old_snapshots_gaps_and_extremes_are_harmless() {
    let mut p = Prediction::new(HZ);
    p.reconcile(Tick(10), alive(), &mut step);
    assert_eq!(p.reconcile(Tick(10), alive(), &mut step), Reconciliation::Stale);
    assert_eq!(p.reconcile(Tick(3), alive(), &mut step), Reconciliation::Stale);
    p.run(Tick(11), input(1), &mut step);
    p.run(Tick(5_000), input(2), &mut step);
    assert_eq!(p.newest(), Some(Tick(5_000)));
    let mut far = alive();
    far.position = Position::from_raw(i32::MIN, i32::MAX, i32::MIN);
    assert_eq!(p.reconcile(Tick(4_999), far, &mut step), Reconciliation::Relocated);
    p.reconcile(Tick(u32::MAX - 1), alive(), &mut step);
    let _ = p.visible_position(u32::MAX);
    p.forget_states();
    assert_eq!(p.current(), None);
}
