//! Which connect tokens a server has seen, from where, and whether their session is over.
//!
//! A token may be shown many times by one address (requests get lost), by no second address (tokens can be sniffed,
//! because requests travel in the clear), and not again once its session began: a second session from one token
//! would use its keys with the same nonces again.

use super::crypto::TAG_BYTES;
use super::endpoint::AddressKey;
use super::keyed_index::{HashKey, KeyedIndex};
use crate::time::UnixSeconds;

/// The tag of a token's sealed part: its name.
pub(crate) type TokenTag = [u8; TAG_BYTES];

#[derive(Clone, Copy)]
struct UsedToken {
    tag: TokenTag,
    address: AddressKey,
    expires: UnixSeconds,
    spent: bool,
}

/// What is known of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenUse {
    /// Never seen, or seen from this address only and without a session.
    Free,
    /// Another address showed it first.
    Elsewhere,
    /// A session began with it.
    Spent,
}

/// The tokens, oldest forgotten first.
pub(crate) struct UsedTokens {
    ring: Vec<UsedToken>,
    index: KeyedIndex,
    key: HashKey,
    capacity: u32,
    oldest: u32,
}

impl UsedTokens {
    pub(crate) fn new(capacity: u32, key: HashKey) -> UsedTokens {
        UsedTokens {
            ring: Vec::with_capacity(capacity as usize),
            index: KeyedIndex::new(capacity),
            key,
            capacity,
            oldest: 0,
        }
    }

    pub(crate) fn look_up(&self, tag: &TokenTag, address: &AddressKey) -> TokenUse {
        match self.find(tag) {
            None => TokenUse::Free,
            Some(at) if self.ring[at as usize].address != *address => TokenUse::Elsewhere,
            Some(at) if self.ring[at as usize].spent => TokenUse::Spent,
            Some(_) => TokenUse::Free,
        }
    }

    /// Remembers a genuine token. Returns whether another one had to be forgotten before its time for that.
    pub(crate) fn remember(
        &mut self,
        tag: &TokenTag,
        address: AddressKey,
        expires: UnixSeconds,
        unix: UnixSeconds,
    ) -> bool {
        if self.find(tag).is_some() {
            return false;
        }
        let entry = UsedToken { tag: *tag, address, expires, spent: false };
        let hash = self.hash(tag);
        if self.ring.len() < self.capacity as usize {
            self.index.insert(hash, self.ring.len() as u32);
            self.ring.push(entry);
            return false;
        }
        let at = self.oldest;
        let gone = core::mem::replace(&mut self.ring[at as usize], entry);
        self.index.remove(self.hash(&gone.tag), at);
        self.index.insert(hash, at);
        self.oldest = (at + 1) % self.capacity;
        gone.expires > unix
    }

    /// Marks the token as having begun its session.
    pub(crate) fn spend(&mut self, tag: &TokenTag) {
        if let Some(at) = self.find(tag) {
            self.ring[at as usize].spent = true;
        }
    }

    fn find(&self, tag: &TokenTag) -> Option<u32> {
        self.index.find(self.hash(tag), |at| self.ring[at as usize].tag == *tag)
    }

    fn hash(&self, tag: &TokenTag) -> u64 {
        let word = u128::from_le_bytes(*tag);
        self.key.hash(&[word as u64, (word >> 64) as u64])
    }
}
