//! Commands and their bytes.

use super::*;
use alloc::vec;
use proptest::prelude::*;

fn any_id() -> impl Strategy<Value = CharacterId> {
    (any::<u32>(), any::<u32>()).prop_map(|(slot, generation)| CharacterId { slot, generation })
}

fn any_command() -> impl Strategy<Value = Command> {
    prop_oneof![
        (any::<u32>(), any::<u8>(), any::<u8>()).prop_map(|(tag, team, class)| Command::Spawn {
            tag,
            team,
            class,
            placement: Placement::TeamSpawn
        }),
        (any::<u32>(), any::<u8>(), any::<u8>(), any::<i32>(), any::<i32>(), any::<u16>()).prop_map(
            |(tag, team, class, x, z, yaw)| Command::Spawn {
                tag,
                team,
                class,
                placement: Placement::At { x: Metres(x), z: Metres(z), yaw: Brads(yaw) }
            }
        ),
        (any::<u32>(), any::<u8>(), any::<u8>(), any::<i32>(), any::<i32>(), any::<u16>()).prop_map(
            |(tag, team, kind, x, z, yaw)| Command::SpawnNpc {
                tag,
                team,
                kind,
                placement: Placement::At { x: Metres(x), z: Metres(z), yaw: Brads(yaw) }
            }
        ),
        (any_id(), any::<i32>(), any::<i32>()).prop_map(|(id, x, z)| Command::SetHome {
            id,
            x: Metres(x),
            z: Metres(z)
        }),
        any_id().prop_map(|id| Command::Despawn { id }),
        (any_id(), any::<u16>(), any::<i8>(), any::<i8>(), any::<u16>(), any::<i16>()).prop_map(
            |(id, buttons, move_right, move_forward, yaw, pitch)| Command::Input {
                id,
                input: CharacterInput { buttons, move_right, move_forward, yaw: Brads(yaw), pitch }
            }
        ),
        (any_id(), any::<u8>()).prop_map(|(id, class)| Command::SetClass { id, class }),
        (any_id(), any::<[i32; 3]>()).prop_map(|(id, [x, y, z])| Command::Impulse {
            id,
            velocity: Velocity { x: MetresPerSecond(x), y: MetresPerSecond(y), z: MetresPerSecond(z) },
        }),
        (any_id(), any::<u16>()).prop_map(|(id, age)| Command::View { id, age: ViewAge(age) }),
        any::<[u32; 2]>().prop_map(|[section, damage]| Command::StrikeStructure { section, damage }),
        any::<[u32; 2]>().prop_map(|[section, health]| Command::BuildStructure { section, health }),
        any::<(u32, u8, [i32; 3], u16)>().prop_map(|(tag, kind, [x, y, z], yaw)| Command::SpawnProp {
            tag,
            kind,
            position: Position::from_raw(x, y, z),
            yaw: Brads(yaw),
        }),
        any::<[u32; 2]>()
            .prop_map(|[slot, generation]| Command::RemoveProp { id: PropId { slot, generation } }),
        (any::<[u32; 2]>(), any::<[i32; 3]>()).prop_map(|([slot, generation], [x, y, z])| {
            Command::PushProp { id: PropId { slot, generation }, velocity: Velocity::from_raw(x, y, z) }
        }),
        any::<[i32; 4]>().prop_map(|lengths| {
            let [x, z, radius, depth] = lengths.map(Metres);
            Command::Deform { x, z, radius, depth }
        }),
    ]
}

proptest! {
    #[test]
    fn encode_and_decode_are_inverse(commands in proptest::collection::vec(any_command(), 0..20)) {
        let mut bytes = Vec::new();
        for command in &commands {
            let before = bytes.len();
            command.encode_into(&mut bytes);
            prop_assert!(bytes.len() - before <= crate::limits::COMMAND_BYTES_MAX);
        }
        let mut rest: &[u8] = &bytes;
        for command in &commands {
            let (back, after) = Command::decode(rest).unwrap();
            prop_assert_eq!(&back, command);
            rest = after;
        }
        prop_assert!(rest.is_empty());
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        if let Ok((command, rest)) = Command::decode(&bytes) {
            let mut again = Vec::new();
            command.encode_into(&mut again);
            prop_assert_eq!(&again[..], &bytes[..bytes.len() - rest.len()]);
        }
    }

    #[test]
    fn every_cut_is_refused(command in any_command()) {
        let mut bytes = Vec::new();
        command.encode_into(&mut bytes);
        for cut in 0..bytes.len() {
            prop_assert_eq!(Command::decode(&bytes[..cut]), Err(CommandDecodeError::Truncated));
        }
    }
}

#[test]
fn sanitizing_masks_and_clamps() {
    let wild = CharacterInput {
        buttons: 0xFFFF,
        move_right: -128,
        move_forward: 127,
        yaw: Brads(9),
        pitch: i16::MIN,
    };
    let tame = wild.sanitized();
    assert_eq!((tame.buttons, tame.move_right, tame.pitch), (buttons::ALL, -127, -16_383));
    assert_eq!(tame.sanitized(), tame);
}
