//! The ciphers that packets of a session can be sealed with, and which of them a machine does well.
//!
//! netcode 1.02 knows one, ChaCha20-Poly1305. The other is chosen by the first rekey (`rekey.rs`) where both ends have
//! instructions for it; without them it would be slower, and no safer.

use core::fmt;

/// A cipher of packets. The numbers are part of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum CipherSuite {
    /// ChaCha20-Poly1305 (RFC 8439): netcode's own, and the one every machine does well.
    ChaCha20Poly1305 = 1,
    /// AES-256-GCM (NIST SP 800-38D).
    Aes256Gcm = 2,
}

impl CipherSuite {
    /// The cipher of a number.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<CipherSuite> {
        match number {
            1 => Some(CipherSuite::ChaCha20Poly1305),
            2 => Some(CipherSuite::Aes256Gcm),
            _ => None,
        }
    }

    /// Name for logs and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            CipherSuite::ChaCha20Poly1305 => "chacha20_poly1305",
            CipherSuite::Aes256Gcm => "aes_256_gcm",
        }
    }
}

impl fmt::Display for CipherSuite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of ciphers, as one byte: bit `number - 1` of each. ChaCha20-Poly1305 is always among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CipherSet(u8);

impl CipherSet {
    /// ChaCha20-Poly1305 alone.
    pub const CHACHA: CipherSet = CipherSet(1);
    /// Both.
    pub const ALL: CipherSet = CipherSet(3);

    /// What this machine has instructions for: AES-GCM with AES and carry-less multiplication, ChaCha20 anywhere.
    #[must_use]
    pub fn of_this_machine() -> CipherSet {
        if has_aes() { CipherSet::ALL } else { CipherSet::CHACHA }
    }

    /// The set of a byte from the wire; bits of ciphers this build does not know are left out.
    #[must_use]
    pub(crate) const fn from_bits(bits: u8) -> CipherSet {
        CipherSet(bits & CipherSet::ALL.0 | CipherSet::CHACHA.0)
    }

    /// The set as a byte.
    #[must_use]
    pub(crate) const fn bits(self) -> u8 {
        self.0
    }

    /// Whether the cipher is in the set.
    #[must_use]
    pub const fn contains(self, suite: CipherSuite) -> bool {
        self.0 >> (suite as u8 - 1) & 1 != 0
    }

    /// The cipher for two ends: AES-256-GCM where both have it.
    #[must_use]
    pub const fn common(self, other: CipherSet) -> CipherSuite {
        if self.contains(CipherSuite::Aes256Gcm) && other.contains(CipherSuite::Aes256Gcm) {
            CipherSuite::Aes256Gcm
        } else {
            CipherSuite::ChaCha20Poly1305
        }
    }
}

#[cfg(any(target_arch = "x86_64", target_arch = "x86"))]
fn has_aes() -> bool {
    std::arch::is_x86_feature_detected!("aes") && std::arch::is_x86_feature_detected!("pclmulqdq")
}

#[cfg(target_arch = "aarch64")]
fn has_aes() -> bool {
    std::arch::is_aarch64_feature_detected!("aes") && std::arch::is_aarch64_feature_detected!("pmull")
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "x86", target_arch = "aarch64")))]
fn has_aes() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aes_needs_both_ends_and_chacha_neither() {
        let (all, chacha) = (CipherSet::ALL, CipherSet::CHACHA);
        assert_eq!(all.common(all), CipherSuite::Aes256Gcm);
        for (a, b) in [(all, chacha), (chacha, all), (chacha, chacha)] {
            assert_eq!(a.common(b), CipherSuite::ChaCha20Poly1305);
        }
        for bits in 0..=255 {
            let set = CipherSet::from_bits(bits);
            assert!(set.contains(CipherSuite::ChaCha20Poly1305), "there is always a cipher");
            assert_eq!(set.contains(CipherSuite::Aes256Gcm), bits & 2 != 0);
        }
    }
}
