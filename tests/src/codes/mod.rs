//! How the prefix codes of characters' states are found: symbols of recorded battles counted, and the best lengths for them.
//!
//! - [`counts`]: how often each symbol of each code occurs, and the text file they are kept in
//! - [`battles`]: the battles that are recorded: some to train on, others to judge by
//! - [`lengths`]: the lengths of least cost, none over eight bits
//! - [`source`]: the codes as source text, and as rows of the document
//!
//! `cargo run --release -p shieldwall-tests --example train_codes` does all of it, and writes the tables of `shieldwall-net`.

pub mod battles;
pub mod counts;
pub mod lengths;
pub mod source;
