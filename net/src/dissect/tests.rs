//! Any bytes are taken apart or refused; whole sessions are in `tests/` of the host, where captures come from.

use proptest::prelude::*;

use super::*;
use crate::wire::bits::{BitSink, BitWriter};

#[test]
fn an_empty_payload_is_a_header_and_nothing() {
    let header = PacketHeader::default();
    let dissection = SessionDissector::new(0).payload(&header.to_bytes(), Direction::Up).unwrap();
    assert_eq!(dissection, Dissection { header, frames: vec![], messages: vec![], fault: None });
    assert!(SessionDissector::new(0).payload(&[0; 7], Direction::Up).is_err());
}

#[test]
fn what_the_capture_does_not_hold_is_named() {
    let mut bytes = [0; 64];
    let mut writer = BitWriter::new(&mut bytes);
    writer.put_bytes(&PacketHeader::default().to_bytes());
    FrameKind::Snapshot.write(&mut writer);
    writer.put(77, 32);
    let length = writer.finish();
    let mut dissector = SessionDissector::new(0);
    let fault = |dissection: Dissection| dissection.fault.map(|fault| fault.to_string());
    let down = dissector.payload(&bytes[..length], Direction::Down).unwrap();
    assert_eq!(fault(down), Some("the welcome that says how to read it is not in the capture".to_owned()));
    let up = dissector.payload(&bytes[..length], Direction::Up).unwrap();
    assert_eq!(fault(up), Some("frame Snapshot comes from the wrong end".to_owned()));
}

proptest! {
    #[test]
    fn any_bytes_are_taken_apart_or_refused(payloads in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..80), any::<bool>()), 1..20)) {
        let mut dissector = SessionDissector::new(3);
        let welcome = Welcome {
            tick: Tick(1),
            character: shieldwall_core::state::handle::CharacterId { slot: 0, generation: 1 },
            snapshot_interval_ticks: 3,
            world_fingerprint: 1,
            config: WorldConfig::default(),
        };
        dissector.server_message(&welcome.encode()).unwrap();
        for (payload, up) in payloads {
            let _ = dissector.payload(&payload, if up { Direction::Up } else { Direction::Down });
        }
    }
}
