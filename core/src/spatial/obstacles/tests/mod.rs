//! Tests of collision: known situations here; properties against oracles, files and rays beside it.

mod beside;
mod clearings;
mod files;
mod meshes;
mod motion;
mod oracle;
mod platforms;
mod properties;
mod rays;
mod standing;
mod support;
