//! How often each symbol of each trained code occurs, as a table and as text.

use std::fmt::Write as _;

use shieldwall_net::wire::bits::BitSink;
use shieldwall_net::wire::code_tables::CodeTable;

use super::lengths::{best_lengths, cost};

/// Counts by code and symbol. A sink for bits: it keeps none, but counts those outside of trained codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SymbolCounts {
    by_code: Vec<Vec<u64>>,
    /// Bits outside of trained codes, code bits left out.
    plain_bits: u64,
    /// States counted.
    states: u64,
    /// Bits of the code that was just noted, still to come.
    in_code: u32,
}

impl Default for SymbolCounts {
    fn default() -> Self {
        Self {
            by_code: CodeTable::all().map(|code| vec![0; code.lengths().len()]).collect(),
            plain_bits: 0,
            states: 0,
            in_code: 0,
        }
    }
}

impl BitSink for SymbolCounts {
    fn put(&mut self, _value: u32, bits: u32) {
        self.plain_bits += u64::from(bits - self.in_code);
        self.in_code = 0;
    }

    fn note(&mut self, code: CodeTable, symbol: usize) {
        if let Some(index) = code.index() {
            self.by_code[index][symbol] += 1;
            self.in_code = u32::from(code.lengths()[symbol]);
        }
    }
}

impl SymbolCounts {
    /// A state was written.
    pub fn count_state(&mut self) {
        self.states += 1;
    }

    /// States written.
    #[must_use]
    pub fn states(&self) -> u64 {
        self.states
    }

    /// Adds what another counted.
    pub fn add(&mut self, other: &Self) {
        let pairs = self.by_code.iter_mut().flatten().zip(other.by_code.iter().flatten());
        pairs.for_each(|(sum, count)| *sum += count);
        self.plain_bits += other.plain_bits;
        self.states += other.states;
    }

    /// Counts of one code.
    ///
    /// # Panics
    /// For [`CodeTable::NONE`].
    #[must_use]
    pub fn of(&self, code: CodeTable) -> &[u64] {
        &self.by_code[code.index().expect("a trained code")]
    }

    /// Mean bits of a state with the codes that are in force.
    #[must_use]
    pub fn mean_bits(&self) -> f64 {
        self.mean_bits_with(|code, _| code.lengths().to_vec())
    }

    /// Mean bits of a state with the best codes of these very counts.
    #[must_use]
    pub fn best_mean_bits(&self) -> f64 {
        self.mean_bits_with(|_, counts| best_lengths(counts))
    }

    fn mean_bits_with(&self, lengths: impl Fn(CodeTable, &[u64]) -> Vec<u8>) -> f64 {
        let codes = CodeTable::all().map(|code| cost(self.of(code), &lengths(code, self.of(code))));
        (codes.sum::<u64>() + self.plain_bits) as f64 / self.states as f64
    }

    /// One line for each code: name, number in its family, counts by symbol.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text =
            String::from("# Symbols of recorded battles, by code: made by the example train_codes.\n");
        // Writing to a String cannot fail.
        let _ = writeln!(text, "states {}\nplain_bits {}", self.states, self.plain_bits);
        for code in CodeTable::all() {
            let (family, number) = code.name();
            let counts: Vec<String> = self.of(code).iter().map(u64::to_string).collect();
            let _ = writeln!(text, "{family} {number} {}", counts.join(" "));
        }
        text
    }

    /// What [`SymbolCounts::to_text`] wrote; `None` where that is of other codes.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let mut lines = text.lines().filter(|line| !line.starts_with('#'));
        let states = lines.next()?.strip_prefix("states ")?.parse().ok()?;
        let plain_bits = lines.next()?.strip_prefix("plain_bits ")?.parse().ok()?;
        let mut counts = Self { states, plain_bits, ..Self::default() };
        for code in CodeTable::all() {
            let (family, number) = code.name();
            let rest = lines.next()?.strip_prefix(&format!("{family} {number} "))?;
            let read: Option<Vec<u64>> = rest.split(' ').map(|count| count.parse().ok()).collect();
            let row = counts.by_code.get_mut(code.index()?)?;
            *row = read.filter(|read| read.len() == row.len())?;
        }
        Some(counts)
    }
}
