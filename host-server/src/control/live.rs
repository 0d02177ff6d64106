//! The live feed: a WebSocket that shows the battle and its figures to watchers of the page.
//!
//! First a `hello` (JSON; another one when the rules change), then `stats` (JSON, four times a second) and frames (binary, see [`crate::live_feed`],
//! twenty times a second). A watcher may send `{"follow": slot}` or `{"follow": null}`. A watcher that reads slowly
//! gets the newest frame and misses the ones between; one that reads nothing for ten seconds is let go.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use shieldwall_core::rules::EFFECT_CHOICES;
use tokio::sync::watch;

use super::Shared;
use crate::figures::{FollowDesk, FollowFigures, MAX_WATCHERS};
use crate::live_feed::LiveFrame;
use crate::queues::Receiver;
use crate::stats::Stats;

/// Largest message a watcher may send, in bytes.
const MAX_MESSAGE_BYTES: usize = 256;

/// How often the pump looks for a new frame while somebody watches. The data plane does not wake it: that would take
/// a lock.
const PUMP_INTERVAL: Duration = Duration::from_millis(5);

/// A watcher that does not take a message for this long is let go.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);

/// Moves frames from the simulation's lane to whoever watches; only the newest matters.
pub(super) async fn pump_frames(shared: Arc<Shared>, lane: Receiver<LiveFrame>, out: watch::Sender<Bytes>) {
    loop {
        let idle = shared.board.watchers.load(Ordering::Relaxed) == 0;
        tokio::time::sleep(if idle { PUMP_INTERVAL * 10 } else { PUMP_INTERVAL }).await;
        let mut newest = None;
        while let Some(frame) = lane.receive() {
            newest = Some(Bytes::copy_from_slice(&frame.bytes));
            lane.give_back(frame);
        }
        if let Some(frame) = newest {
            out.send_replace(frame);
        }
    }
}

pub(super) async fn upgrade(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !same_origin(&headers) {
        return (StatusCode::FORBIDDEN, "this feed is for the host's own page\n").into_response();
    }
    if shared.board.watchers.load(Ordering::Relaxed) as usize >= MAX_WATCHERS {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many watchers\n").into_response();
    }
    upgrade
        .max_message_size(MAX_MESSAGE_BYTES)
        .max_frame_size(MAX_MESSAGE_BYTES)
        .on_upgrade(async move |socket| watch_battle(socket, shared).await)
}

/// Pages of other sites must not read the feed through a visitor's browser. Programs send no origin.
fn same_origin(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else { return false };
    origin.to_str().ok().and_then(|origin| origin.split_once("://")).is_some_and(|(_, from)| from == host)
}

/// A watcher's seat: counted while it exists, with a desk to follow from when one was free.
struct Seat {
    shared: Arc<Shared>,
    desk: Option<usize>,
}

impl Seat {
    fn take(shared: Arc<Shared>) -> Self {
        shared.board.watchers.fetch_add(1, Ordering::Relaxed);
        let desk = shared.board.follows.iter().position(FollowDesk::take);
        Self { shared, desk }
    }

    fn desk(&self) -> Option<&FollowDesk> {
        self.desk.map(|desk| &self.shared.board.follows[desk])
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.shared.board.watchers.fetch_sub(1, Ordering::Relaxed);
        if let Some(desk) = self.desk() {
            desk.leave();
        }
    }
}

async fn watch_battle(mut socket: WebSocket, shared: Arc<Shared>) {
    let seat = Seat::take(Arc::clone(&shared));
    let (mut frames, mut stats, mut stop) =
        (shared.frames.clone(), shared.stats.clone(), shared.stop.clone());
    let mut hello = shared.hello.clone();
    frames.mark_unchanged();
    let first = hello.borrow_and_update().clone();
    if !send(&mut socket, Message::Text(first)).await {
        return;
    }
    let mut rates = FollowRates::default();
    loop {
        let message = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            changed = frames.changed() => match changed {
                Ok(()) => Message::Binary(frames.borrow_and_update().clone()),
                Err(_) => break,
            },
            changed = hello.changed() => match changed {
                Ok(()) => Message::Text(hello.borrow_and_update().clone()),
                Err(_) => break,
            },
            changed = stats.changed() => match changed {
                Ok(()) => {
                    let now = Arc::clone(&stats.borrow_and_update());
                    let followed = seat.desk().and_then(|desk| rates.follow(desk));
                    Message::Text(stats_message(&now, followed.as_ref()).into())
                }
                Err(_) => break,
            },
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => {
                    follow(&seat, &text);
                    continue;
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_))) => continue,
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            },
        };
        if !send(&mut socket, message).await {
            return;
        }
    }
    send(&mut socket, Message::Close(None)).await;
}

async fn send(socket: &mut WebSocket, message: Message) -> bool {
    matches!(tokio::time::timeout(SEND_TIMEOUT, socket.send(message)).await, Ok(Ok(())))
}

/// What a watcher may say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    follow: Option<u32>,
}

fn follow(seat: &Seat, text: &str) {
    // A message that is not understood changes nothing; the page has no use for an answer.
    if let (Ok(wish), Some(desk)) = (serde_json::from_str::<Wish>(text), seat.desk()) {
        desk.follow(wish.follow);
    }
}

/// A followed character, as the page gets it.
#[derive(Serialize)]
pub(super) struct Followed {
    slot: u32,
    name: String,
    team: u8,
    health: u16,
    kills: u32,
    deaths: u32,
    /// Names of the status effects on it.
    effects: Vec<&'static str>,
    rtt_ms: f64,
    down_bytes_s: f64,
    up_bytes_s: f64,
    visible: Vec<u16>,
}

/// Turns the counters of a followed client into rates.
#[derive(Default)]
struct FollowRates {
    last: Option<(u32, u64, u64, u64)>,
    down: f64,
    up: f64,
}

impl FollowRates {
    fn follow(&mut self, desk: &FollowDesk) -> Option<Followed> {
        let wanted = desk.wanted()?;
        let figures = desk.answer.read();
        if figures.slot_plus_one != wanted.saturating_add(1) {
            return None;
        }
        self.update(wanted, &figures);
        Some(Followed {
            slot: wanted,
            name: text_of(&figures.name),
            team: figures.team,
            health: figures.health,
            kills: figures.kills,
            deaths: figures.deaths,
            effects: effect_names(&figures.effects),
            rtt_ms: figures.rtt_us as f64 / 1e3,
            down_bytes_s: self.down,
            up_bytes_s: self.up,
            visible: figures.visible[..figures.visible_len.min(figures.visible.len())].to_vec(),
        })
    }

    fn update(&mut self, slot: u32, figures: &FollowFigures) {
        let (at, down, up) = (figures.at.0, figures.bytes_down, figures.bytes_up);
        match self.last {
            Some((of, last_at, last_down, last_up)) if of == slot && down >= last_down && up >= last_up => {
                if at.saturating_sub(last_at) < 500_000 {
                    return;
                }
                let seconds = (at - last_at) as f64 / 1e6;
                self.down = (down - last_down) as f64 / seconds;
                self.up = (up - last_up) as f64 / seconds;
            }
            _ => (self.down, self.up) = (0.0, 0.0),
        }
        self.last = Some((slot, at, down, up));
    }
}

/// The names of effects counted from 1; 0 is none.
fn effect_names(kinds: &[u8]) -> Vec<&'static str> {
    kinds
        .iter()
        .filter(|kind| **kind != 0)
        .filter_map(|kind| EFFECT_CHOICES.get(usize::from(*kind)).copied())
        .collect()
}

fn text_of(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

/// The JSON of a `stats` message.
pub(super) fn stats_message(stats: &Stats, follow: Option<&Followed>) -> String {
    #[derive(Serialize)]
    struct StatsMessage<'a> {
        r#type: &'static str,
        #[serde(flatten)]
        stats: &'a Stats,
        follow: Option<&'a Followed>,
    }
    // Numbers, strings and lists always have a JSON form.
    serde_json::to_string(&StatsMessage { r#type: "stats", stats, follow }).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_own_page_and_programs_may_watch() {
        let headers = |origin: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, "127.0.0.1:8080".parse().unwrap());
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, origin.parse().unwrap());
            }
            headers
        };
        assert!(same_origin(&headers(None)));
        assert!(same_origin(&headers(Some("http://127.0.0.1:8080"))));
        assert!(!same_origin(&headers(Some("http://evil.example"))));
        assert!(!same_origin(&headers(Some("null"))));
    }

    #[test]
    fn the_stats_message_has_its_type_and_a_follow_field() {
        let text = stats_message(&Stats::default(), None);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["type"], "stats");
        assert!(value["follow"].is_null() && value["tick_ms"]["p99"].is_number());
    }

    #[test]
    fn effects_are_told_by_name() {
        assert_eq!(effect_names(&[1, 4, 0, 255]), ["stunned", "poisoned"]);
    }

    #[test]
    fn rates_of_a_followed_client_need_two_readings() {
        let desk = FollowDesk::default();
        assert!(desk.take() && !desk.take());
        desk.follow(Some(3));
        let mut rates = FollowRates::default();
        assert!(rates.follow(&desk).is_none(), "nothing was answered yet");
        for second in 0..=1_u64 {
            desk.answer.publish(FollowFigures {
                slot_plus_one: 4,
                bytes_down: second * 5_000,
                at: shieldwall_net::time::Micros(second * 1_000_000),
                ..FollowFigures::default()
            });
            let followed = rates.follow(&desk).unwrap();
            let expected = if second == 0 { 0.0 } else { 5_000.0 };
            assert!((followed.down_bytes_s - expected).abs() < 1e-9);
        }
    }
}
