//! The trained prefix codes: made of the counts that are kept, written down in the protocol, and good on battles that they
//! were not trained on.

use shieldwall_net::wire::code_tables::CodeTable;
use shieldwall_tests::codes::battles::{HELD_OUT, Recording, TRAINING, record};
use shieldwall_tests::codes::counts::SymbolCounts;
use shieldwall_tests::codes::lengths::{best_lengths, cost};
use shieldwall_tests::codes::source;

const COUNTS: &str = include_str!("../../net/src/wire/code_counts.txt");
const TABLES: &str = include_str!("../../net/src/wire/code_tables.rs");
const DOCUMENT: &str = include_str!("../../docs/PROTOCOL_FRAMES.md");

/// On battles of other seeds the codes may cost so much more than the best ones of those very battles.
const WORSE_PERCENT: f64 = if cfg!(debug_assertions) { 4.0 } else { 2.0 };

fn kept() -> SymbolCounts {
    SymbolCounts::from_text(COUNTS).expect("counts of these codes")
}

#[test]
fn the_codes_are_those_of_the_counts_that_are_kept() {
    let counts = kept();
    assert!(counts.states() > 500_000, "{} states", counts.states());
    assert_eq!(counts.to_text(), COUNTS);
    for code in CodeTable::all() {
        assert_eq!(code.lengths(), best_lengths(counts.of(code)), "{:?}", code.name());
    }
    assert!(source::with_tables(TABLES, &counts) == TABLES, "the source is not what the tool writes");
}

#[test]
fn the_document_has_them() {
    for row in source::document_rows(&kept()).lines() {
        assert!(DOCUMENT.lines().any(|line| line == row), "docs/PROTOCOL_FRAMES.md lacks: {row}");
    }
}

/// The best codes of less than these tables: with one code for each family the states would take more bits.
#[test]
fn what_somebody_was_doing_is_worth_its_codes() {
    let counts = kept();
    let (mut apart, mut together) = (0, 0);
    let families = ["CHANGES", "REST", "ACTION", "PUSH"];
    for family in families {
        let codes: Vec<CodeTable> = CodeTable::all().filter(|code| code.name().0 == family).collect();
        let mut sum = vec![0; codes[0].lengths().len()];
        for code in &codes {
            apart += cost(counts.of(*code), code.lengths());
            sum.iter_mut().zip(counts.of(*code)).for_each(|(sum, count)| *sum += count);
        }
        together += cost(&sum, &best_lengths(&sum));
    }
    let saved = (together - apart) as f64 / counts.states() as f64;
    println!("codes by habit save {saved:.2} bits a state");
    assert!(saved > 0.5, "{saved}");
}

#[test]
fn the_codes_are_good_on_battles_they_were_not_trained_on() {
    for held_out in HELD_OUT {
        assert!(TRAINING.iter().all(|trained| trained.seed != held_out.seed));
        // What is built for debugging plays a few seconds of it: the figures are the same kind.
        let seconds = if cfg!(debug_assertions) { held_out.seconds / 6 } else { held_out.seconds };
        let counts = record(&Recording { seconds, ..held_out });
        for code in CodeTable::all().filter(|code| code.name().1 == 0) {
            let symbols: u64 = counts.of(code).iter().sum();
            assert!(symbols > 0, "{:?}: nothing counted", code.name());
        }
        let (now, best) = (counts.mean_bits(), counts.best_mean_bits());
        let worse = (now / best - 1.0) * 100.0;
        println!(
            "{held_out:?}: {} states, {now:.2} bits, {best:.2} at best, {worse:.2} % more",
            counts.states()
        );
        assert!(counts.states() > 5_000 && worse < WORSE_PERCENT, "{held_out:?}: {worse:.2} % more");
    }
}
