//! Height files: round trips, and refusal of whatever is not one.

use super::*;
use alloc::vec;
use proptest::prelude::*;

fn shape(columns: u32, rows: u32) -> HeightFileShape {
    HeightFileShape {
        columns,
        rows,
        spacing: Metres::from_m(2),
        lowest: Metres::from_m(-10),
        highest: Metres::from_m(120),
        water: Some(Metres::from_mm(2_500)),
    }
}

/// A sealed file with one header number changed.
fn with(at: usize, value: &[u8]) -> Vec<u8> {
    let mut bytes = HeightFile::new(&shape(3, 4), &[7; 12]).expect("valid").bytes().to_vec();
    bytes[at..at + value.len()].copy_from_slice(value);
    let crc = checksum(&bytes);
    bytes[CRC_AT..CRC_AT + 4].copy_from_slice(&crc.to_le_bytes());
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Every sample is where it was put, and its height is its share of the range.
    #[test]
    fn samples_come_back(columns in 2_u32..150, rows in 2_u32..150, seed in any::<u32>()) {
        let value = |column: u32, row: u32| (seed ^ column.wrapping_mul(40_503) ^ row.wrapping_mul(2_654_435_761)) as u16;
        let samples: Vec<u16> = (0..rows).flat_map(|row| (0..columns).map(move |column| value(column, row))).collect();
        let file = HeightFile::new(&shape(columns, rows), &samples).expect("valid");
        prop_assert_eq!(file.shape(), shape(columns, rows));
        prop_assert_eq!(file.bytes().len(), HEADER_BYTES + 2 * samples.len());
        for row in 0..rows {
            for column in 0..columns {
                let sample = value(column, row);
                prop_assert_eq!(file.sample(column, row), sample);
                let exact = -10.0 + f64::from(sample) / 65_535.0 * 130.0;
                let found = f64::from(file.height_of_sample(column, row).0) / 65_536.0;
                prop_assert!((found - exact).abs() < 1.0 / 32_768.0, "{} for {}", found, exact);
            }
        }
        prop_assert_eq!(HeightFile::decode(file.bytes().to_vec()), Ok(file));
    }

    #[test]
    fn damage_is_seen(at in 0_usize..HEADER_BYTES + 24, bit in 0_u32..8) {
        let file = HeightFile::new(&shape(3, 4), &[7; 12]).expect("valid");
        let mut bytes = file.bytes().to_vec();
        bytes[at] ^= 1 << bit;
        prop_assert!(HeightFile::decode(bytes).is_err());
    }

    #[test]
    fn arbitrary_bytes_never_panic(tail in proptest::collection::vec(any::<u8>(), 0..80), sealed in any::<bool>()) {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&FORMAT.to_le_bytes());
        bytes.extend_from_slice(&tail);
        if sealed && bytes.len() >= HEADER_BYTES {
            let crc = checksum(&bytes);
            bytes[CRC_AT..CRC_AT + 4].copy_from_slice(&crc.to_le_bytes());
        }
        if let Ok(file) = HeightFile::decode(bytes.clone()) {
            prop_assert_eq!(file.bytes(), &bytes[..]);
            let _ = (file.height(i32::MIN, i32::MAX), file.height_of_sample(u32::MAX, u32::MAX));
        }
    }

    /// Between samples the surface is the blend of its four neighbours.
    #[test]
    fn heights_are_bilinear(x in -9_000_i32..9_000, z in -9_000_i32..9_000) {
        let samples: Vec<u16> = (0..25_u32).map(|i| (i * i * 97) as u16).collect();
        let file = HeightFile::new(&shape(5, 5), &samples).expect("valid");
        let (x, z) = (Metres::from_mm(x), Metres::from_mm(z));
        let place = |raw: i32| (f64::from(raw) / 65_536.0 / 2.0 + 2.0).clamp(0.0, 4.0);
        let (u, v) = (place(x.0), place(z.0));
        let (i, j) = (u.floor(), v.floor());
        let at = |i: f64, j: f64| f64::from(file.height_of_sample(i as u32, j as u32).0);
        let near = at(i, j) * (1.0 - u + i) + at(i + 1.0, j) * (u - i);
        let far = at(i, j + 1.0) * (1.0 - u + i) + at(i + 1.0, j + 1.0) * (u - i);
        let exact = near * (1.0 - v + j) + far * (v - j);
        // Each way is known to 1/65536 of a spacing: on a slope that many raw units for each metre of rise.
        prop_assert!((f64::from(file.height(x.0, z.0)) - exact).abs() < 300.0);
    }
}

#[test]
fn the_ends_of_the_range_are_exact() {
    let file = HeightFile::new(&shape(2, 2), &[0, u16::MAX, 0, 0]).expect("valid");
    assert_eq!(file.height_of_sample(0, 0), Metres::from_m(-10));
    assert_eq!(file.height_of_sample(1, 0), Metres::from_m(120));
    assert_eq!(file.height(i32::MAX, i32::MIN), Metres::from_m(120).0, "the border goes on");
    let level = HeightFileShape { lowest: Metres::ONE, highest: Metres::ONE, water: None, ..shape(2, 2) };
    let level = HeightFile::new(&level, &[0, 1, 2, u16::MAX]).expect("valid");
    assert_eq!(level.height_of_sample(1, 1), Metres::ONE);
}

#[test]
fn impossible_files_are_refused_by_name() {
    let decode = |bytes| HeightFile::decode(bytes).map(|_| ()).expect_err("it is impossible");
    assert_eq!(decode(vec![]), HeightFileError::Truncated);
    assert_eq!(decode(with(0, b"SWSN")), HeightFileError::NotAHeightFile);
    assert_eq!(decode(with(4, &[2, 0])), HeightFileError::UnknownFormat(2));
    assert_eq!(decode(with(6, &[3, 0])), HeightFileError::UnknownFlags(3));
    assert_eq!(decode(with(6, &[0, 0])), HeightFileError::UnknownFlags(0), "a level without its flag");
    assert_eq!(decode(with(8, &1_u32.to_le_bytes())), HeightFileError::Side(1));
    assert_eq!(decode(with(12, &u32::MAX.to_le_bytes())), HeightFileError::Side(u32::MAX));
    assert_eq!(decode(with(12, &SIDE_MAX.to_le_bytes())), HeightFileError::Truncated);
    assert_eq!(decode(with(12, &3_u32.to_le_bytes())), HeightFileError::TooLong);
    assert_eq!(decode(with(16, &0_i32.to_le_bytes())), HeightFileError::Spacing(Metres(0)));
    assert_eq!(decode(with(20, &i32::MIN.to_le_bytes())), HeightFileError::Height(Metres(i32::MIN)));
    assert!(matches!(decode(with(24, &u32::MAX.to_le_bytes())), HeightFileError::Height(_)));
    let mut damaged = with(0, b"SWHT");
    damaged[HEADER_BYTES] ^= 1;
    assert!(matches!(decode(damaged), HeightFileError::Damaged { .. }));
    let new = |shape: HeightFileShape, samples: &[u16]| {
        HeightFile::new(&shape, samples).map(|_| ()).expect_err("impossible")
    };
    assert_eq!(new(shape(3, 3), &[0; 8]), HeightFileError::Samples(8));
    let upside_down = HeightFileShape { highest: Metres::from_m(-11), ..shape(2, 2) };
    assert_eq!(new(upside_down, &[0; 4]), HeightFileError::Height(Metres::from_m(-11)));
}
