//! What sealing, opening and refusing cost. Prints, and judges nothing: run in release, by name, when wanted.
//! Times are of the thread on a CPU (Linux: `/proc/thread-self/schedstat`), so that a busy machine spoils little.
//! `cargo test --release -p shieldwall-net -- --ignored --nocapture cost`

use super::*;

/// Nanoseconds that this thread has run.
fn on_cpu_ns() -> u64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("figures are taken on Linux");
    stat.split_whitespace().next().and_then(|ns| ns.parse().ok()).expect("nanoseconds first")
}

fn per_call_ns(calls: u32, mut call: impl FnMut(u32)) -> u64 {
    (0..calls / 10).for_each(&mut call);
    let began = on_cpu_ns();
    (0..calls).for_each(&mut call);
    (on_cpu_ns() - began) / u64::from(calls)
}

#[test]
#[ignore = "prints figures"]
fn cost_of_packets_and_of_forged_requests() {
    let mut rng = Rng(1);
    let clients = 1_000;
    let mut server = server_with(clients, |config| config.token_openings_per_second = u32::MAX);
    let mut peers: Vec<SecureClient> = (0..clients)
        .map(|n| connect(&mut server, token(u64::from(n), &mut rng), client_address(n), Micros(0)))
        .collect();
    let mut out = [0; DATAGRAM_MAX];
    for size in [30, 600, 1200] {
        let payload = vec![7; size];
        let seal = per_call_ns(200_000, |n| {
            server.seal_payload(ClientIndex(n % clients), &payload, Micros(0), &mut out).unwrap();
        });
        let sealed: Vec<Vec<u8>> = (0..200_000)
            .map(|n| {
                let (_, len) =
                    peers[n % clients as usize].seal_payload(&payload, Micros(0), &mut out).unwrap();
                out[..len].to_vec()
            })
            .collect();
        let (mut bytes, mut reply) = ([0; DATAGRAM_MAX], [0; DATAGRAM_MAX]);
        let began = on_cpu_ns();
        for (n, datagram) in sealed.iter().enumerate() {
            bytes[..datagram.len()].copy_from_slice(datagram);
            let from = client_address(n as u32 % clients);
            server.handle_datagram(from, &mut bytes[..datagram.len()], Micros(0), UNIX, &mut reply).unwrap();
        }
        let open = (on_cpu_ns() - began) / sealed.len() as u64;
        println!("{size} B over {clients} clients: seal {seal} ns, find and open {open} ns");
    }
    let mut forged = sent_by(&mut SecureClient::new(token(1, &mut rng), Micros(0)), Micros(0));
    rng.fill(&mut forged[60..90]);
    for (what, budget) in [("each opened", u32::MAX), ("within the default budget", 50_000)] {
        let mut server = server_with(clients, |config| config.token_openings_per_second = budget);
        let mut bytes = forged.clone();
        let cost = per_call_ns(1_000_000, |n| {
            bytes.copy_from_slice(&forged);
            let from = client_address(n % 65_536);
            _ = server.handle_datagram(from, &mut bytes, Micros(u64::from(n)), UNIX, &mut out);
        });
        println!("forged request, {what}: {cost} ns, {} a second", 1_000_000_000 / cost.max(1));
    }
    let session = size_of::<endpoint::Session>();
    println!("a session has {session} B");
    let sweeps = per_call_ns(400, |n| server.update(Micros(u64::from(n % 400) * 10_000), &mut |_| ()));
    println!("update each 10 ms with {clients} idle clients, keep-alives included: {sweeps} ns");
}
