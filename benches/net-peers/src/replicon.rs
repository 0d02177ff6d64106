//! `bevy_replicon` without a transport: a server app whose entities all move in every tick, and client apps that take and
//! acknowledge every message. Only the server's update is counted.
//!
//! It is given an easier task: everybody sees the same entities, so that nothing is searched and nobody is filtered.

use bevy::prelude::*;
use bevy::state::app::StatesPlugin;
use bevy_replicon::prelude::*;
use bevy_replicon::test_app::{ServerTestAppExt, TestClientEntity};
use cpu_time::ThreadTime;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::time::Duration;

/// A character's place and facing, quantized by hand as one would with this library: seven bytes.
#[derive(Component, Clone, Copy, Serialize, Deserialize)]
struct Pose {
    x: i16,
    y: i16,
    z: i16,
    yaw: u8,
}

/// What a run cost.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Processor time of the server for one entity told to one client once.
    pub ns_per_update: f64,
    /// Bytes of such an update, everything in the messages included.
    pub bytes_per_update: f64,
}

fn app() -> App {
    let mut app = App::new();
    app.add_plugins((MinimalPlugins, StatesPlugin, RepliconPlugins.set(ServerPlugin::new(PostUpdate))))
        .replicate::<Pose>()
        .finish();
    app
}

/// Hands every message to its receiver; the bytes of the server's.
fn exchange(server: &mut App, clients: &mut [App], of_entity: &HashMap<Entity, usize>) -> usize {
    let mut bytes = 0;
    let sent: Vec<_> = server.world_mut().resource_mut::<ServerMessages>().drain_sent().collect();
    for (entity, channel, message) in sent {
        bytes += message.len();
        let client = &mut clients[of_entity[&entity]];
        client.world_mut().resource_mut::<ClientMessages>().insert_received(channel, message);
    }
    for client in clients.iter_mut() {
        client.update();
        let entity = **client.world().resource::<TestClientEntity>();
        let answers: Vec<_> = client.world_mut().resource_mut::<ClientMessages>().drain_sent().collect();
        for (channel, message) in answers {
            server.world_mut().resource_mut::<ServerMessages>().insert_received(entity, channel, message);
        }
    }
    bytes
}

/// `entities` move, `clients` see all of them, for so many updates.
pub fn run(clients: usize, entities: usize, updates: u32) -> Cost {
    let mut server = app();
    let mut apps: Vec<App> = (0..clients).map(|_| app()).collect();
    for client in &mut apps {
        server.connect_client(client);
    }
    let of_entity =
        apps.iter().enumerate().map(|(i, app)| (**app.world().resource::<TestClientEntity>(), i)).collect();
    for i in 0..entities as i16 {
        server.world_mut().spawn((Replicated, Pose { x: i, y: 0, z: -i, yaw: i as u8 }));
    }
    let (mut spent, mut bytes) = (Duration::ZERO, 0);
    const WARM_UP: u32 = 10;
    for update in 0..WARM_UP + updates {
        let mut poses = server.world_mut().query::<&mut Pose>();
        for mut pose in poses.iter_mut(server.world_mut()) {
            pose.x = pose.x.wrapping_add(3);
            pose.z = pose.z.wrapping_sub(2);
        }
        let start = ThreadTime::now();
        server.update();
        let took = start.elapsed();
        let sent = exchange(&mut server, &mut apps, &of_entity);
        if update >= WARM_UP {
            spent += took;
            bytes += sent;
        }
    }
    let told = f64::from(updates) * clients as f64 * entities as f64;
    Cost { ns_per_update: spent.as_secs_f64() * 1e9 / told, bytes_per_update: bytes as f64 / told }
}
