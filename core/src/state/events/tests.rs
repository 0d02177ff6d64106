//! Events, their bytes and their buffer.

use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn what_decodes_encodes_to_the_same_bytes(
        opcode in prop_oneof![0_u8..15, 19_u8..30],
        bytes in proptest::collection::vec(any::<u8>(), 0..40),
        small in 0_u8..6,
    ) {
        let mut input = alloc::vec![opcode];
        input.extend_from_slice(&bytes);
        // Reasons and moves of flags are small numbers: put some where they stand.
        for at in [5, 13] {
            if let Some(byte) = input.get_mut(at) {
                *byte = small;
            }
        }
        if let Ok((event, rest)) = Event::decode(&input) {
            let mut again = Vec::new();
            event.encode_into(&mut again);
            prop_assert_eq!(&again[..], &input[..input.len() - rest.len()]);
            for cut in 0..again.len() {
                prop_assert_eq!(Event::decode(&again[..cut]), Err(EventDecodeError::Truncated));
            }
        }
    }
}

#[test]
fn every_opcode_decodes() {
    for opcode in (1..=13_u8).chain(20..=28) {
        let mut input = alloc::vec![opcode];
        input.extend_from_slice(&[1; 40]);
        assert!(Event::decode(&input).is_ok(), "opcode {opcode}");
    }
    assert_eq!(Event::decode(&[0]), Err(EventDecodeError::UnknownOpcode(0)));
}

#[test]
fn a_full_buffer_counts() {
    let mut buffer = EventBuffer::new(1);
    let event = Event::Respawned { id: CharacterId { slot: 1, generation: 1 } };
    buffer.push(event);
    buffer.push(event);
    assert_eq!((buffer.as_slice().len(), buffer.dropped()), (1, 1));
    buffer.clear();
    assert_eq!((buffer.as_slice().len(), buffer.dropped()), (0, 0));
}
