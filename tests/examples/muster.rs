//! Prints the state hash of the golden scene "muster": `muster <32 hexadecimal digits>`.

use shieldwall_core::World;
use shieldwall_tests::scenes::muster;

fn main() {
    let mut world = World::new(&muster::config()).expect("the scene's configuration is valid");
    println!("muster {}", muster::run(&mut world));
}
