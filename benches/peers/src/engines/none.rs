//! Without the engines: no contenders.

use crate::measure::Effort;
use crate::report::Report;

/// None.
pub fn pair_makers() -> Vec<crate::pairs::Make> {
    Vec::new()
}

/// None.
pub fn step_makers() -> Vec<crate::steps::Make> {
    Vec::new()
}

/// Nothing.
pub fn state(_report: &mut Report, _effort: Effort) {}
