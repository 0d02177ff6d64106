//! The fuzz targets without a fuzzer: the committed corpus, and seeded mutations of it. Bounded, the same in each run.

use std::path::{Path, PathBuf};

use shieldwall_fuzz::budget::{CountingAllocator, asked_by, per_packet};
use shieldwall_fuzz::{TARGETS, seeds};

/// Counts what the targets ask for, as it does under the fuzzer.
#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// Mutations of each corpus file.
const MUTATIONS: u64 = 150;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus")
}

fn inputs(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = corpus().join(target);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a readable folder").path())
        .collect();
    files.sort();
    files.into_iter().map(|path| (path.clone(), std::fs::read(path).expect("a readable file"))).collect()
}

struct Rng(u64);

impl Rng {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n.max(1)
    }
}

/// A few flips, cuts, insertions, repetitions and interesting numbers.
fn mutate(bytes: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=rng.below(4) {
        let at = rng.below(bytes.len());
        match rng.below(6) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << rng.below(8),
            1 => bytes.truncate(at),
            2 => bytes.insert(at.min(bytes.len()), rng.below(256) as u8),
            3 if !bytes.is_empty() => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][rng.below(5)],
            4 if !bytes.is_empty() => {
                let end = (at + 1 + rng.below(64)).min(bytes.len());
                bytes.extend_from_within(at..end);
            }
            _ => bytes.extend([rng.below(256) as u8; 4]),
        }
    }
    bytes
}

#[test]
fn every_target_bears_its_corpus_and_mutations_of_it() {
    for (name, target) in TARGETS {
        let inputs = inputs(name);
        assert!(!inputs.is_empty(), "{name} has no corpus");
        for (path, bytes) in inputs {
            target(&bytes);
            let mut rng = Rng(bytes.len() as u64);
            for round in 0..MUTATIONS {
                let input = mutate(&bytes, &mut rng);
                let outcome = std::panic::catch_unwind(|| target(&input));
                assert!(outcome.is_ok(), "{name}, {}, mutation {round}: {input:02x?}", path.display());
            }
        }
    }
}

/// The counter counts, and what is too much is found.
#[test]
fn a_packet_that_asks_for_too_much_is_found() {
    let ((), asked) = asked_by(|| drop(std::hint::black_box(vec![0_u8; 1_000])));
    assert_eq!(asked, 1_000);
    let greedy = || per_packet(|| drop(std::hint::black_box(Vec::<u8>::with_capacity(70_000))));
    assert!(std::panic::catch_unwind(greedy).is_err());
}

/// The seeds follow the formats: a changed format needs new ones (`make_corpus`).
#[test]
fn the_committed_seeds_are_current() {
    for (target, name, bytes) in seeds() {
        let path = corpus().join(target).join(&name);
        let committed = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(committed == bytes, "{} is out of date: run make_corpus", path.display());
    }
}
