//! The netcode: sealing and opening packets beside the cipher as `renetcode` calls it.
fn main() {}
