//! The kernel: whole ticks of a battle, and radius queries beside kiddo (the fastest tree of its kind we know).

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kiddo::{ImmutableKdTree, SquaredEuclidean};
use shieldwall_benches::battle;
use shieldwall_core::{Metres, World};
use std::hint::black_box;

fn whole_tick(c: &mut Criterion) {
    let mut group = c.benchmark_group("tick_of_a_battle");
    for characters in [1_000, 10_000] {
        let mut world = battle(characters);
        group.throughput(Throughput::Elements(u64::from(characters)));
        group.bench_function(BenchmarkId::from_parameter(characters), |b| b.iter(|| world.step(&[])));
    }
    group.finish();
}

fn hash_and_snapshot(c: &mut Criterion) {
    let mut group = c.benchmark_group("state_of_10000");
    let world = battle(10_000);
    let mut image = Vec::new();
    group.throughput(Throughput::Elements(10_000));
    group.bench_function("hash", |b| b.iter(|| world.state_hash()));
    group.bench_function("snapshot", |b| {
        b.iter(|| {
            image.clear();
            world.snapshot_into(&mut image);
            image.len()
        });
    });
    group.finish();
}

/// Slots within the radius, written out.
fn ours(world: &World, at: (Metres, Metres), radius: Metres, out: &mut Vec<u32>) {
    out.clear();
    world.for_each_character_in_radius(at.0, at.1, radius, |slot| out.push(slot));
}

fn radius_query(c: &mut Criterion) {
    let world = battle(10_000);
    let view = world.characters();
    let to_m = |raw: i32| raw as f32 / 65_536.0;
    let points: Vec<[f32; 2]> =
        (0..10_000).map(|slot| [to_m(view.position_x[slot]), to_m(view.position_z[slot])]).collect();
    let tree: ImmutableKdTree<f32, 2> =
        ImmutableKdTree::new_from_slice(&points).expect("a tree of the points");
    let centres: Vec<usize> = (0..10_000).step_by(97).collect();
    let mut group = c.benchmark_group("radius_query_10000");
    group.throughput(Throughput::Elements(centres.len() as u64));
    for radius_m in [10_u8, 25, 50] {
        let mut found = Vec::with_capacity(10_000);
        group.bench_function(BenchmarkId::new("shieldwall", radius_m), |b| {
            b.iter(|| {
                for &slot in &centres {
                    let at = (Metres(view.position_x[slot]), Metres(view.position_z[slot]));
                    ours(&world, at, Metres::from_m(i32::from(radius_m)), &mut found);
                    black_box(found.len());
                }
            });
        });
        let reach = f32::from(radius_m).powi(2);
        group.bench_function(BenchmarkId::new("kiddo", radius_m), |b| {
            b.iter(|| {
                for &slot in &centres {
                    let query = tree.query(&points[slot]).within::<SquaredEuclidean<f32>>(reach).unsorted();
                    black_box(query.execute().len());
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, whole_tick, hash_and_snapshot, radius_query);
criterion_main!(benches);
