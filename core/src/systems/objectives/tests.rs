//! Rings against a naive recount; flags on their ways.
