//! Tests of collision: known situations here; properties against oracles, files and rays beside it.

mod motion;
mod support;
