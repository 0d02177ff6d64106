//! The dedicated host of Shieldwall: everything behind the binary `shieldwall`.
//!
//! | thread | module | does | may wait for |
//! |---|---|---|---|
//! | network | [`data_plane`] | datagrams by UDP and WebSocket ([`carriers`]), secure sessions | the sockets, 20 ms at most |
//! | simulation | [`simulation`] around [`zone`] | ticks at a fixed rate | the clock |
//! | control | [`control`] | live page, metrics, health | anything |
//! | bots | [`bots`] | a load of real clients (`demo`, `bots`) | the clock |
//! | rules | [`rules_reload`] | reads the rules file anew | signals, the disk |
//! | recorder | [`recorder`] | writes a replay (`--record`) | the disk |
//! | capture | [`capture`] | writes datagrams and keys (`--capture`, `--key-log`) | the disk |
//! | main | [`commands`] | starts, supervises, ends | signals |
//!
//! Between them are bounded lock-free queues ([`queues`], [`links`]) and a board of figures ([`figures`]). Only
//! [`clock`] reads a clock, only [`net_io`] and [`websocket`] know mio, only [`control`] has an async runtime.

pub mod bots;
pub mod capture;
pub mod carriers;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod control;
pub mod data_plane;
pub mod diff;
pub mod dissect;
pub mod error;
pub mod fight_figures;
pub mod figures;
pub mod host;
pub mod links;
pub mod live_feed;
pub mod logging;
pub mod net_io;
pub mod open_files;
pub mod ports;
pub mod queues;
pub mod quota;
pub mod recorder;
pub mod refusals;
pub mod replay;
pub mod replay_hits;
pub mod report;
pub mod rules;
pub mod rules_reload;
pub mod scenery;
pub mod signals;
pub mod simulation;
pub mod stats;
pub mod terrain;
pub mod thread_policy;
pub mod tick_timing;
pub mod tokens;
pub mod websocket;
pub mod zone;
