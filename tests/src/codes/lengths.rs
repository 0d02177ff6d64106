//! Lengths of prefix codes of least cost, with a bound on the longest: the package-merge algorithm (Larmore, Hirschberg 1990).

use shieldwall_net::wire::prefix_codes::LONGEST_CODE;

/// The lengths in bits, 1 to [`LONGEST_CODE`], that make symbols which occur so often shortest in sum. Symbols that never
/// occur get a code too: any bits must mean something, and what was never seen may happen. The same for the same counts.
///
/// # Panics
/// For less than two symbols, or more than there are codes.
#[must_use]
pub fn best_lengths(counts: &[u64]) -> Vec<u8> {
    assert!((2..=1 << LONGEST_CODE).contains(&counts.len()), "a code has 2 to 256 symbols");
    // Nothing is impossible: a symbol that never occurred counts as a part of one.
    let weights: Vec<u64> = counts.iter().map(|count| (count * 16).max(1)).collect();
    let mut symbols: Vec<usize> = (0..weights.len()).collect();
    symbols.sort_by_key(|&symbol| (weights[symbol], symbol));
    let singles: Vec<Package> =
        symbols.iter().map(|&symbol| Package { weight: weights[symbol], symbols: vec![symbol] }).collect();
    let mut row = singles.clone();
    for _ in 1..LONGEST_CODE {
        let pairs = row.chunks_exact(2).map(|pair| Package {
            weight: pair[0].weight + pair[1].weight,
            symbols: [&pair[0].symbols[..], &pair[1].symbols[..]].concat(),
        });
        let mut merged: Vec<Package> = singles.iter().cloned().chain(pairs).collect();
        // Stable: of equal weights the single ones come first.
        merged.sort_by_key(|package| package.weight);
        row = merged;
    }
    let mut lengths = vec![0_u8; weights.len()];
    for package in &row[..2 * weights.len() - 2] {
        package.symbols.iter().for_each(|&symbol| lengths[symbol] += 1);
    }
    lengths
}

/// Bits that symbols which occur so often take with these lengths.
#[must_use]
pub fn cost(counts: &[u64], lengths: &[u8]) -> u64 {
    counts.iter().zip(lengths).map(|(count, length)| count * u64::from(*length)).sum()
}

#[derive(Clone, Debug)]
struct Package {
    weight: u64,
    symbols: Vec<usize>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the lengths fill the space of codes exactly.
    fn fills(lengths: &[u8]) -> bool {
        lengths.iter().map(|length| 256_u32 >> length).sum::<u32>() == 256
    }

    #[test]
    fn powers_of_two_get_their_logarithms() {
        assert_eq!(best_lengths(&[8, 4, 2, 1, 1]), [1, 2, 3, 4, 4]);
        assert_eq!(best_lengths(&[5, 5]), [1, 1]);
    }

    #[test]
    fn no_code_is_too_long_and_all_fill_the_space() {
        // Without a bound the rarest of these would take twenty bits.
        let steep: Vec<u64> = (0..20).map(|power| 1 << power).collect();
        for counts in [&steep[..], &[0; 16], &[1_000_000, 0, 0], &[7; 256]] {
            let lengths = best_lengths(counts);
            assert!(fills(&lengths), "{lengths:?}");
            assert!(lengths.iter().all(|length| (1..=LONGEST_CODE as u8).contains(length)));
        }
    }

    /// Nothing is cheaper: every other code of five symbols, tried.
    #[test]
    fn no_other_lengths_are_cheaper() {
        let counts = [90, 41, 40, 7, 3];
        let best = cost(&counts, &best_lengths(&counts));
        let mut tried = 0;
        for number in 0..8_u32.pow(5) {
            let lengths: Vec<u8> = (0..5).map(|at| (number / 8_u32.pow(at) % 8 + 1) as u8).collect();
            if fills(&lengths) {
                tried += 1;
                assert!(cost(&counts, &lengths) >= best, "{lengths:?}");
            }
        }
        assert!(tried > 50, "{tried}");
    }
}
