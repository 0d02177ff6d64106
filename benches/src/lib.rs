//! Benchmarks by criterion, in `benches/benches`, each beside a named peer in the same run: on a shared machine only ratios
//! within one run say something. The kernel has a program of its own, in `benches/peers`, and instruction counts, in
//! `benches/instructions`.
