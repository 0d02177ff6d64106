//! From a stranger's request to a session: request, challenge, response.

use super::{Outcome, SecondLogin, SecureServer};
use crate::secure::DATAGRAM_MAX;
use crate::secure::PeerAddress;
use crate::secure::crypto::{Key, PacketKey, TAG_BYTES};
use crate::secure::endpoint::{AddressKey, Peer, Pending, Session, SessionTimes, source_hash};
use crate::secure::epochs::ServerKeys;
use crate::secure::packet::{Header, Packet, Request, open_packet, read_request, seal_packet};
use crate::secure::private_token::{ChallengeToken, PrivateToken, open_private};
use crate::secure::replay_window::ReplayWindow;
use crate::secure::stats::DropReason;
use crate::secure::token::PRIVATE_TOKEN_BYTES;
use crate::secure::used_tokens::{TokenTag, TokenUse};
use crate::time::{Micros, UnixSeconds};

/// How long a handshake may take where the token sets no timeout.
const PENDING_TIMEOUT: Micros = Micros::from_secs(10);

/// A handshake on a full table is given up for another one when its challenge is not answered for so long.
const ANSWER_PATIENCE: Micros = Micros::from_millis(1_000);

/// A session that another login of the same client replaced is kept so long, to be told why it ends.
const REPLACED_ENDS_AFTER: Micros = Micros::from_millis(1_000);

impl SecureServer {
    /// The standard's steps for a request, with everything cheap moved before the opening of the token.
    pub(super) fn judge_request(
        &mut self,
        from: PeerAddress,
        datagram: &mut [u8],
        now: Micros,
        unix: UnixSeconds,
        out: &mut [u8; DATAGRAM_MAX],
    ) -> Result<Outcome, DropReason> {
        let request = read_request(datagram)?;
        let address = AddressKey::new(&from);
        let tag = self.pass_cheap_checks(&request, &address, unix)?;
        if !self.budget.take(source_hash(&from.socket, &self.hash_key), now) {
            return Err(DropReason::OpeningBudget);
        }
        let expires = request.expires;
        let token = self.open_token(request)?;
        let other = self.peers.client_with_id(token.client_id);
        if other.is_some() && self.config.second_login == SecondLogin::Refuse {
            return Err(DropReason::ClientConnected);
        }
        if self.used_tokens.remember(&tag, address, expires, unix) {
            self.stats.tokens_forgotten += 1;
        }
        if self.peers.is_full() && other.is_none() {
            return Ok(self.deny(&token.server_to_client_key, out));
        }
        let timeout = match u64::try_from(token.timeout_seconds) {
            Ok(seconds) if seconds > 0 => Micros::from_secs(seconds),
            _ => PENDING_TIMEOUT,
        };
        let pending = Pending {
            address_key: address,
            client_id: token.client_id,
            timeout_seconds: token.timeout_seconds,
            challenged: now,
            expires: now + timeout,
            tag,
            receive_key: token.client_to_server_key,
            send_key: token.server_to_client_key,
        };
        if self.peers.put_pending(pending, now).is_none() {
            self.peers.expire_pending(now);
            if self.peers.put_pending(pending, now).is_none() {
                // Full of those who do not answer: who has had time enough makes room.
                let room = self.peers.give_up_pending(now, ANSWER_PATIENCE);
                let put = room.then(|| self.peers.put_pending(pending, now)).flatten();
                put.ok_or(DropReason::PendingFull)?;
            }
        }
        Ok(self.challenge(&token, out))
    }

    /// Everything that can be said against a request without opening its token. Returns the token's tag.
    fn pass_cheap_checks(
        &self,
        request: &Request<'_>,
        address: &AddressKey,
        unix: UnixSeconds,
    ) -> Result<TokenTag, DropReason> {
        if request.protocol_id != self.config.protocol_id {
            return Err(DropReason::ForeignProtocol);
        }
        if request.expires <= unix {
            return Err(DropReason::TokenExpired);
        }
        if request.expires < self.config.earliest_token_expiry {
            return Err(DropReason::TokenPredatesServer);
        }
        if let Some(Peer::Client(_)) = self.peers.at_address(address) {
            return Err(DropReason::AddressConnected);
        }
        let mut tag = [0; TAG_BYTES];
        tag.copy_from_slice(&request.sealed[PRIVATE_TOKEN_BYTES - TAG_BYTES..]);
        match self.used_tokens.look_up(&tag, address) {
            TokenUse::Free => Ok(tag),
            TokenUse::Elsewhere => Err(DropReason::TokenUsedElsewhere),
            TokenUse::Spent => Err(DropReason::TokenSpent),
        }
    }

    fn open_token(&mut self, request: Request<'_>) -> Result<PrivateToken, DropReason> {
        self.stats.tokens_opened += 1;
        let Request { protocol_id, expires, nonce, sealed } = request;
        open_private(sealed, protocol_id, expires, &nonce, &self.config.private_key)
            .map_err(|_| DropReason::TokenNotAuthentic)?;
        let token = PrivateToken::read(sealed).map_err(|_| DropReason::TokenMalformed)?;
        let named = token.server_addresses.as_slice();
        if !self.config.public_addresses.iter().any(|address| named.contains(address)) {
            return Err(DropReason::TokenForOtherServer);
        }
        Ok(token)
    }

    /// Seals a packet of no session. Its numbers are above those of all sessions, under whatever key.
    fn seal_global(
        &mut self,
        packet: &Packet<'_>,
        send_key: &PacketKey,
        out: &mut [u8; DATAGRAM_MAX],
    ) -> usize {
        let sequence = self.global_sequence;
        self.global_sequence += 1;
        seal_packet(packet, sequence, self.config.protocol_id, send_key, out)
    }

    fn deny(&mut self, send_key: &Key, out: &mut [u8; DATAGRAM_MAX]) -> Outcome {
        self.stats.denied += 1;
        Outcome::Reply(self.seal_global(&Packet::Denied, &PacketKey::new(send_key), out))
    }

    fn challenge(&mut self, token: &PrivateToken, out: &mut [u8; DATAGRAM_MAX]) -> Outcome {
        let sequence = self.challenge_sequence;
        self.challenge_sequence += 1;
        self.stats.challenges += 1;
        let sealed = ChallengeToken { client_id: token.client_id, user_data: token.user_data }
            .seal(sequence, &self.challenge_key);
        let send_key = PacketKey::new(&token.server_to_client_key);
        Outcome::Reply(self.seal_global(&Packet::Challenge { sequence, token: &sealed }, &send_key, out))
    }

    /// The standard's steps for the answer to a challenge.
    pub(super) fn judge_response(
        &mut self,
        from: PeerAddress,
        at: u32,
        datagram: &mut [u8],
        header: Header,
        now: Micros,
        out: &mut [u8; DATAGRAM_MAX],
    ) -> Result<Outcome, DropReason> {
        let pending = *self.peers.pending(at).ok_or(DropReason::UnknownAddress)?;
        if pending.expires <= now {
            self.peers.remove_pending(at);
            return Err(DropReason::UnknownAddress);
        }
        let receive_key = PacketKey::new(&pending.receive_key);
        let packet = open_packet(datagram, header, self.config.protocol_id, &receive_key, None)?;
        let Packet::Response { sequence, token } = packet else {
            return Err(DropReason::TypeNotAllowed);
        };
        let answer = ChallengeToken::open(token, sequence, &self.challenge_key)
            .map_err(|_| DropReason::ChallengeNotAuthentic)?;
        if answer.client_id != pending.client_id {
            return Err(DropReason::ChallengeOfOther);
        }
        let replaced = self.peers.client_with_id(answer.client_id);
        if replaced.is_some() && self.config.second_login == SecondLogin::Refuse {
            return Err(DropReason::ClientConnected);
        }
        if self.peers.is_full() && replaced.is_none() {
            return Ok(self.deny(&pending.send_key, out));
        }
        self.peers.remove_pending(at);
        self.used_tokens.spend(&pending.tag);
        if let Some(old) = replaced {
            self.replace(old, now);
        }
        let session = Session {
            address: from,
            address_key: pending.address_key,
            client_id: answer.client_id,
            confirmed: false,
            send_sequence: 0,
            window: ReplayWindow::default(),
            keys: ServerKeys::new(&pending.receive_key, &pending.send_key),
            user_data: answer.user_data,
        };
        let timeout = match u64::try_from(pending.timeout_seconds) {
            Ok(seconds) if seconds > 0 => Micros::from_secs(seconds),
            _ => Micros(u64::MAX),
        };
        let ends = Micros(u64::MAX);
        let (connected, last_sent, last_received, wants_keys) = (now, now, now, false);
        let times = SessionTimes { connected, last_sent, last_received, timeout, ends, wants_keys };
        let client = self.peers.connect(session, times, now).ok_or(DropReason::PendingFull)?;
        self.stats.connected += 1;
        let reply_len = self.seal_keep_alive(client, now, out).map_or(0, |(_, len)| len);
        Ok(Outcome::Connected { client, reply_len, replaced })
    }

    /// Makes room for another session of the same client. Where there is a place left, the old session stays a moment, so
    /// that the layer above can say why it ends; on a full server its place is the new one's.
    fn replace(&mut self, old: u32, now: Micros) {
        self.stats.replaced += 1;
        if self.peers.is_full() {
            self.peers.disconnect(old);
        } else {
            self.peers.supersede(old, now + REPLACED_ENDS_AFTER, now);
        }
    }
}
