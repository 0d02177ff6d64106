//! Package under construction.
fn main() {}
