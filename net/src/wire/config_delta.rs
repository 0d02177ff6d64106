//! A world's configuration as what differs from the default one of the same build: few bytes for shipped rules.
//!
//! Bytes: fingerprint of the default configuration u64 (its sender's), then runs until the end, each: bytes skipped, bytes
//! that differ less one (numbers of seven bits a byte, the lowest first, the high bit says that more follow), and these
//! bytes. A run goes on over gaps of up to two equal bytes, so that no configuration takes more than the plain one and a
//! few bytes. Every difference has one form: all others are refused.

use super::DecodeError;
use shieldwall_core::world::WorldConfig;

/// Equal bytes that end a run.
const GAP_MIN: usize = 3;

/// Bytes of a difference at most: a run of one byte and a gap take three bytes for four of the configuration; a first
/// number of two bytes, and a last run, come on top.
pub const CONFIG_DELTA_BYTES_MAX: usize = 8 + WorldConfig::ENCODED_BYTES + 8;

/// Appends a configuration.
pub fn write(config: &WorldConfig, out: &mut Vec<u8>) {
    let default = WorldConfig::default();
    out.extend_from_slice(&default.fingerprint().to_le_bytes());
    write_runs(&default.encode(), &config.encode(), out);
}

/// Reads a configuration from all of `bytes`.
///
/// # Errors
/// [`DecodeError::OtherDefaults`] when the sender's default configuration is not the one of this build;
/// [`DecodeError::Truncated`]; [`DecodeError::Value`] for what is no difference, or one to a configuration that no world
/// can have.
pub fn read(bytes: &[u8]) -> Result<WorldConfig, DecodeError> {
    let (theirs, runs) = bytes.split_first_chunk::<8>().ok_or(DecodeError::Truncated)?;
    let default = WorldConfig::default();
    let theirs = u64::from_le_bytes(*theirs);
    if theirs != default.fingerprint() {
        return Err(DecodeError::OtherDefaults(theirs));
    }
    let base = default.encode();
    let mut encoded = base.clone();
    read_runs(runs, &mut encoded)?;
    let mut again = Vec::with_capacity(runs.len());
    write_runs(&base, &encoded, &mut again);
    if again != runs {
        return Err(DecodeError::Value("form of the configuration"));
    }
    match WorldConfig::decode(&encoded) {
        Ok((config, [])) => Ok(config),
        _ => Err(DecodeError::Value("world configuration")),
    }
}

fn write_runs(base: &[u8], to: &[u8], out: &mut Vec<u8>) {
    let differs = |at: usize| base.get(at) != to.get(at);
    let (mut written, mut at) = (0, 0);
    while let Some(start) = (at..to.len()).find(|&at| differs(at)) {
        let mut end = start + 1;
        while let Some(next) = (end..to.len().min(end + GAP_MIN)).find(|&at| differs(at)) {
            end = next + 1;
        }
        write_number(start - written, out);
        write_number(end - start - 1, out);
        out.extend_from_slice(&to[start..end]);
        (written, at) = (end, end);
    }
}

fn read_runs(mut bytes: &[u8], to: &mut [u8]) -> Result<(), DecodeError> {
    let mut at = 0_usize;
    while !bytes.is_empty() {
        let start = at + read_number(&mut bytes)?;
        let end = start + read_number(&mut bytes)? + 1;
        let place = to.get_mut(start..end).ok_or(DecodeError::Value("run of the configuration"))?;
        let (run, rest) = bytes.split_at_checked(end - start).ok_or(DecodeError::Truncated)?;
        place.copy_from_slice(run);
        (at, bytes) = (end, rest);
    }
    Ok(())
}

fn write_number(mut number: usize, out: &mut Vec<u8>) {
    while number > 0x7f {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// A number of at most three bytes: more than any configuration has.
fn read_number(bytes: &mut &[u8]) -> Result<usize, DecodeError> {
    let mut number = 0;
    for shift in [0, 7, 14] {
        let (&byte, rest) = bytes.split_first().ok_or(DecodeError::Truncated)?;
        *bytes = rest;
        number |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(DecodeError::Value("number of the configuration"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use shieldwall_core::numeric::Metres;

    fn bytes_of(config: &WorldConfig) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(config, &mut bytes);
        bytes
    }

    #[test]
    fn shipped_rules_are_a_few_bytes_and_come_back() {
        let default = WorldConfig::default();
        assert_eq!(bytes_of(&default).len(), 8);
        let mut other = WorldConfig { seed: 0xDEAD_BEEF_0123, half_extent: Metres::from_m(2_000), ..default };
        (other.character_capacity, other.projectile_capacity) = (10_000, 20_000);
        other.rules.arms[3].damage += 1;
        let bytes = bytes_of(&other);
        assert!(bytes.len() < 50, "{} bytes", bytes.len());
        assert_eq!(read(&bytes), Ok(other));
        for cut in 0..bytes.len() {
            assert_ne!(read(&bytes[..cut]), Ok(other));
        }
    }

    #[test]
    fn another_build_is_named() {
        let mut bytes = bytes_of(&WorldConfig::default());
        bytes[0] ^= 1;
        let theirs = WorldConfig::default().fingerprint() ^ 1;
        assert_eq!(read(&bytes), Err(DecodeError::OtherDefaults(theirs)));
    }

    #[test]
    fn what_points_outside_or_has_another_form_is_refused() {
        let with = |runs: &[u8]| {
            let mut bytes = bytes_of(&WorldConfig::default());
            bytes.extend_from_slice(runs);
            read(&bytes)
        };
        assert_eq!(with(&[0xff, 0xff, 0x03, 0, 7]), Err(DecodeError::Value("run of the configuration")));
        assert_eq!(with(&[0xff, 0xff, 0xff, 0, 7]), Err(DecodeError::Value("number of the configuration")));
        assert_eq!(with(&[2, 3, 9]), Err(DecodeError::Truncated));
        // The seed is the third byte: two runs that are one, and a run of what does not differ.
        assert_eq!(with(&[2, 0, 9, 0, 0, 9]), Err(DecodeError::Value("form of the configuration")));
        assert_eq!(with(&[2, 0, 1]), Err(DecodeError::Value("form of the configuration")));
        assert_eq!(with(&[2, 0, 9]).map(|config| config.seed), Ok(9));
    }

    proptest! {
        /// However the rules differ, the difference is bounded.
        #[test]
        fn every_difference_is_bounded_and_comes_back(
            flips in prop::collection::vec((0..WorldConfig::ENCODED_BYTES, any::<u8>()), 0..40),
            every in 1_usize..9,
        ) {
            let base = WorldConfig::default().encode();
            let mut to = base.clone();
            for (at, byte) in flips {
                to[at] = byte;
            }
            for pass in [false, true] {
                let mut runs = Vec::new();
                write_runs(&base, &to, &mut runs);
                prop_assert!(8 + runs.len() <= CONFIG_DELTA_BYTES_MAX, "{} bytes", runs.len());
                let mut back = base.clone();
                read_runs(&runs, &mut back).unwrap();
                prop_assert_eq!(&back, &to);
                if !pass {
                    to.iter_mut().step_by(every).for_each(|byte| *byte ^= 0x55);
                }
            }
        }

        #[test]
        fn any_bytes_decode_or_fail(runs in prop::collection::vec(any::<u8>(), 0..60)) {
            let mut bytes = bytes_of(&WorldConfig::default());
            bytes.extend_from_slice(&runs);
            if let Ok(config) = read(&bytes) {
                prop_assert_eq!(bytes_of(&config), bytes);
            }
            let _ = read(&runs);
        }
    }
}
